import Contracts
import HTTPTypes
import ServiceKit
import ServiceWiring

extension Problem {
  /// 422 with everything that is wrong.
  static func unusable(
    _ failures: [GateFailure], code: String = "invalid-definition",
    title: String = "The definition is not usable"
  ) -> Problem {
    Problem(
      .unprocessableContent, code: code, title: title, errors: failures.map(ProblemError.init))
  }

  static func invalidYAML(_ detail: String) -> Problem {
    Problem(
      .badRequest, code: "invalid-yaml", title: "The body is not valid YAML", detail: detail)
  }

  static var noSuchPipeline: Problem {
    .notFound("there is no such pipeline; GET /v1/pipelines lists them")
  }

  static var noSuchDraft: Problem {
    .notFound("the pipeline has no such draft; GET …/drafts lists them")
  }

  /// A manager's draft of a pipeline that would belong to nobody below.
  static var draftForOthers: Problem { Problem(.outsidePipeline(readable: true)) }

  static func staleDraft(_ revision: Int64) -> Problem {
    .preconditionFailed(current: EntityTag.text(revision))
  }

  static func draftPublished(as version: Int) -> Problem {
    .conflict(
      code: "draft-published", title: "The draft was published and stays as it is",
      detail: "it became version \(version); begin another draft")
  }

  static func overtaken(by version: Int?) -> Problem {
    .conflict(
      code: "pipeline-changed", title: "Another version came out since the draft was edited",
      detail: version.map {
        "the newest is version \($0); look at the diff, and PUT the draft again to go on from there"
      })
  }

  static func unchanged(_ version: Int) -> Problem {
    .conflict(
      code: "nothing-to-publish", title: "The draft changes nothing",
      detail: "version \(version) is this very definition")
  }
}

extension PipelineDefinition {
  /// What keeps even a draft from being stored: PostgreSQL has no U+0000.
  var unstorable: [GateFailure] {
    do {
      try NullCharacter.refuse(in: try JSONCoding.encode(self))
      return []
    } catch {
      return [
        GateFailure(
          code: "invalid-text", pointer: "/",
          message: LocalizedText(
            zh: "文本不能含有 U+0000", en: "no text of it may contain U+0000"))
      ]
    }
  }
}
