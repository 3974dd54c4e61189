import Contracts
import Hummingbird
import Postgres
import ServiceKit
import ServiceWiring

/// The routes of the analysts' figures, each of the deals in the reader's scope.
struct FigureRoutes: Sendable {
  let queries: FunnelQueries
  let access: AccessControl
  let freshness: @Sendable () -> Freshness
  let now: @Sendable () -> Instant

  func add(to group: RouterGroup<ServiceRequestContext>) {
    group.get("transitions", use: transitions)
    group.get("conversion", use: conversion)
    group.get("dwell", use: dwell)
    group.get("amounts", use: amounts)
    group.get("bottlenecks", use: bottlenecks)
    group.get("forgotten", use: forgotten)
    group.get("people", use: people)
    group.get("velocity", use: velocity)
    group.get("feedback", use: feedback)
    group.get("before-after", use: beforeAfter)
  }

  @Sendable func transitions(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await answer(request, context, own: Self.nothing) { question, _, stages, transaction in
      Transitions(stages: stages, try FlowSums.of(question, in: transaction))
    }
  }

  @Sendable func conversion(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = now()
    return try await answer(request, context, own: ConversionOptions.init) {
      question, options, stages, transaction -> any Figure in
      if let stage = options.stage { _ = try Self.stage(stage, of: stages) }
      switch (options.mode, options.stage) {
      case (.cohort, _):
        return try ConversionQueries.cohorts(question, options, now: now, in: transaction)
      case (.snapshot, let stage?):
        return try ConversionQueries.onward(from: stage, question, now: now, in: transaction)
      case (.snapshot, nil):
        return try ConversionQueries.closed(question, in: transaction)
      }
    }
  }

  @Sendable func dwell(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = now()
    return try await answer(request, context, own: DwellOptions.init) {
      question, options, stages, transaction in
      let stage = try Self.stage(options.stage, of: stages)
      let spells = try DwellQueries.spells(question, options, now: now, in: transaction)
      return Dwell(stage: stage, spells, outcome: options.outcome)
    }
  }

  @Sendable func amounts(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await answer(request, context, own: Self.nothing) { question, _, stages, transaction in
      try AmountQueries.amounts(question, stages: stages, in: transaction)
    }
  }

  @Sendable func bottlenecks(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = now()
    return try await answer(request, context, own: Self.nothing) {
      question, _, stages, transaction in
      try BottleneckQueries.bottlenecks(question, stages: stages, now: now, in: transaction)
    }
  }

  /// Reads the request, asks in one snapshot of the database, and writes the answer in its form.
  func answer<Own: Sendable>(
    _ request: Request, _ context: ServiceRequestContext, own: (inout QueryReader) -> Own,
    _ ask:
      @Sendable (
        FunnelQuestion, Own, [FunnelStage], borrowing PostgresTransaction
      ) throws -> any Figure
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .read)
    let asked = try await FigureRequest(
      request, in: caller.scope, pipelines: { try await queries.pipelines() }, own: own)
    let figure = try await queries.pool.transaction(.repeatableReadSnapshot) {
      transaction -> Result<(any Figure)?, Problem> in
      let stages = try FunnelStage.all(of: asked.question.pipeline, in: transaction)
      guard !stages.isEmpty else { return .success(nil) }
      do {
        return .success(try ask(asked.question, asked.own, stages, transaction))
      } catch let problem as Problem {
        return .failure(problem)
      }
    }
    guard let figure = try figure.get() else {
      throw Problem.unknownPipeline(
        asked.question.pipeline, known: try await queries.pipelines())
    }
    return try respond(figure, to: asked.question, asked.format)
  }

  private func respond(
    _ figure: some Figure, to question: FunnelQuestion, _ format: AnswerFormat
  ) throws -> Response {
    try FigureBody(question: question, now: now(), freshness: freshness(), content: figure)
      .response(format)
  }

  /// Of a figure without parameters of its own.
  static func nothing(_ reader: inout QueryReader) {}

  private static func stage(
    _ key: String, of stages: [FunnelStage]
  ) throws(Problem) -> FunnelStage {
    if let stage = stages.first(where: { $0.key == key }) { return stage }
    let known = stages.map(\.key).joined(separator: ", ")
    throw Problem.invalidRequest(
      [
        ProblemError(
          code: "unknown-stage", field: "stage",
          message: LocalizedText(
            zh: "该流程没有阶段 \(key)；可选：\(known)",
            en: "the pipeline has no stage \(key); there are: \(known)"))
      ], detail: "the pipeline has no such stage")
  }
}

extension ConversionOptions {
  /// Reads the parameters of `/v1/conversion`.
  init(_ reader: inout QueryReader) {
    let mode: Mode? = reader.choice("mode")
    let cohort: CohortConversion.Length? = reader.choice("cohort")
    let days = reader.value(
      "days",
      expected: LocalizedText(
        zh: " 1 到 24 个以逗号分隔的天数，每个 0 到 36500", en: "1 to 24 days with commas, each 0 to 36500")
    ) { text -> [Int]? in
      let days = text.split(separator: ",", omittingEmptySubsequences: false).map {
        Int($0.trimmingPrefix(" "))
      }
      guard (1...24).contains(days.count),
        days.allSatisfy({ $0.map { (0...36_500).contains($0) } ?? false })
      else { return nil }
      return days.compactMap(\.self)
    }
    let observedFrom = reader.instant("observedFrom")
    let stage = reader.string("stage")
    self.init(
      mode: mode ?? .snapshot, cohort: cohort ?? .month, days: days ?? [30, 60, 90],
      observedFrom: observedFrom, stage: stage)
    guard self.mode == .cohort else {
      for (name, isGiven) in [
        ("cohort", cohort != nil), ("days", days != nil), ("observedFrom", observedFrom != nil),
      ] where isGiven {
        reader.refuse(name, zh: "只用于 mode=cohort", en: "goes with mode=cohort only")
      }
      return
    }
    if stage != nil {
      reader.refuse("stage", zh: "只用于 mode=snapshot", en: "goes with mode=snapshot only")
    }
  }
}

extension DwellOptions {
  /// Reads the parameters of `/v1/dwell`.
  init(_ reader: inout QueryReader) {
    stage = reader.string("stage") ?? ""
    if stage.isEmpty {
      reader.refuse("stage", zh: "必填：阶段的编号", en: "is required: the key of a stage")
    }
    observedFrom = reader.instant("observedFrom")
    let outcome: Outcome? = reader.choice("outcome")
    self.outcome = outcome
  }
}
