import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import ServiceKit
import Statistics

/// What a route answers, in both forms.
protocol Figure: Encodable, Sendable {
  /// In one sentence, what the answer is.
  var about: LocalizedText { get }
  var table: CSVTable { get }
}

/// The JSON of a figure: what was asked, how fresh the answer is and what it is, and its own members.
struct FigureBody<Content: Figure>: Encodable {
  let question: FunnelQuestion
  let now: Instant
  let freshness: Freshness
  let content: Content

  private enum CodingKeys: CodingKey { case pipeline, asOf, knownAt, from, to, freshness, about }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(question.pipeline, forKey: .pipeline)
    try container.encode(question.asOf ?? now, forKey: .asOf)
    try container.encode(question.knownAt ?? now, forKey: .knownAt)
    try container.encode(question.from, forKey: .from)
    try container.encode(question.to, forKey: .to)
    try container.encode(freshness, forKey: .freshness)
    try container.encode(content.about, forKey: .about)
    try content.encode(to: encoder)
  }
}

extension FigureBody {
  /// In CSV the freshness stands in a header.
  func response(_ format: AnswerFormat) throws -> Response {
    switch format {
    case .json: return try json(self)
    case .csv:
      var headers: HTTPFields = [.contentType: "text/csv; charset=utf-8"]
      if let name = HTTPField.Name("Sluice-Freshness") {
        headers[name] = "lagSeconds=\(freshness.lagSeconds), behind=\(freshness.behind)"
      }
      let body = ByteBuffer(string: content.table.text)
      headers[.contentLength] = String(body.readableBytes)
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
  }
}

/// Why a figure has no value.
struct Reason: Encodable, Equatable, Sendable {
  var code: String
  var message: LocalizedText

  init(_ lack: Lack) {
    code = lack.code
    message = lack.message
  }
}

extension Lack {
  /// As it is written in answers.
  var code: String {
    switch self {
    case .noData: "no-data"
    case .tooFew: "too-few"
    case .noneEnded: "none-ended"
    case .notReached: "not-reached"
    case .notObserved: "not-observed"
    case .riskSetEmptied: "risk-set-emptied"
    case .allEqual: "all-equal"
    }
  }

  var message: LocalizedText {
    switch self {
    case .noData: LocalizedText(zh: "没有数据", en: "there is no data")
    case .tooFew: LocalizedText(zh: "数据太少", en: "there are too few")
    case .noneEnded: LocalizedText(zh: "全部仍在进行中", en: "all are still open")
    case .notReached:
      LocalizedText(
        zh: "在已观察的时间内尚未达到", en: "it is not reached within the time that was observed")
    case .notObserved:
      LocalizedText(zh: "超出已观察的时间", en: "it lies beyond the time that was observed")
    case .riskSetEmptied:
      LocalizedText(
        zh: "在更晚纳入观察的记录开始之前，观察中的记录已全部结束",
        en: "all under observation had ended before others came under observation")
    case .allEqual: LocalizedText(zh: "所有数值相同", en: "all values are the same")
    }
  }
}

extension Result where Failure == Lack {
  var value: Success? { try? get() }

  var lack: Lack? {
    if case .failure(let lack) = self { lack } else { nil }
  }
}
