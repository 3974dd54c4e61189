package import Contracts
import Foundation
package import Hummingbird

/// Reads query parameters into types and collects all that is wrong with them.
///
///     var query = QueryReader(request)
///     let limit = query.int("limit", in: 1...500, default: 50)
///     let asOf = query.instant("asOf")
///     try query.finish()
package struct QueryReader {
  private var values: [String: [String]] = [:]
  private var known: Set<String> = []
  private var errors: [ProblemError] = []

  package init(_ request: Request) { self.init(query: request.uri.query ?? "") }

  /// `+` stands for a blank, as in forms.
  package init(query: String) {
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let texts = parts.map { String($0).replacing("+", with: " ").removingPercentEncoding }
      guard let name = texts[0] else {
        refuse(String(parts[0]), zh: "百分号编码无效", en: "is not valid percent encoding")
        continue
      }
      guard let value = texts.count > 1 ? texts[1] : "" else {
        known.insert(name)
        refuse(name, zh: "百分号编码无效", en: "is not valid percent encoding")
        continue
      }
      values[name, default: []].append(value)
    }
  }

  /// Throws 400 with everything that was refused and every parameter that nothing asked for.
  package func finish() throws(Problem) {
    var errors = errors
    let names = known.sorted().joined(separator: ", ")
    for name in values.keys.sorted() where !known.contains(name) {
      errors.append(
        ProblemError(
          code: "unknown-parameter", field: name,
          message: LocalizedText(
            zh: "没有参数 \(name)；可用的参数：\(names)",
            en: "there is no parameter \(name); there are: \(names)")))
    }
    if !errors.isEmpty {
      throw Problem.invalidRequest(errors, detail: "query parameters are not valid")
    }
  }

  /// Notes that a parameter is not usable.
  package mutating func refuse(_ name: String, zh: String, en: String) {
    errors.append(
      ProblemError(
        code: "invalid-parameter", field: name,
        message: LocalizedText(zh: "参数 \(name) \(zh)", en: "parameter \(name) \(en)")))
  }

  /// The text of a parameter; one that is empty counts as not given.
  package mutating func string(_ name: String, maximumLength: Int = 500) -> String? {
    known.insert(name)
    guard let all = values[name] else { return nil }
    if all.count > 1 {
      refuse(name, zh: "只能出现一次", en: "must be given only once")
      return nil
    }
    if all[0].count > maximumLength {
      refuse(
        name, zh: "最多 \(maximumLength) 个字符", en: "must have \(maximumLength) characters at most")
      return nil
    }
    if all[0].utf8.contains(0) {
      refuse(name, zh: "不能包含 U+0000", en: "must not contain U+0000")
      return nil
    }
    return all[0].isEmpty ? nil : all[0]
  }

  /// The parameter turned into something typed; refused with `expected` where `parse` is nil.
  package mutating func value<Value>(
    _ name: String, expected: LocalizedText, _ parse: (String) -> Value?
  ) -> Value? {
    guard let text = string(name) else { return nil }
    if let value = parse(text) { return value }
    refuse(name, zh: "应为\(expected.zh)", en: "must be \(expected.en)")
    return nil
  }

  package mutating func int(_ name: String, in range: ClosedRange<Int>) -> Int? {
    let bounds = (range.lowerBound, range.upperBound)
    return value(
      name,
      expected: LocalizedText(
        zh: " \(bounds.0) 到 \(bounds.1) 之间的整数", en: "an integer from \(bounds.0) to \(bounds.1)")
    ) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
  }

  package mutating func int(
    _ name: String, in range: ClosedRange<Int>, default fallback: Int
  ) -> Int {
    int(name, in: range) ?? fallback
  }

  package mutating func bool(_ name: String) -> Bool? {
    value(name, expected: LocalizedText(zh: " true 或 false", en: "true or false")) {
      Bool($0)
    }
  }

  /// An instant in RFC 3339.
  package mutating func instant(_ name: String) -> Instant? {
    value(
      name,
      expected: LocalizedText(
        zh: "时间，例如 2026-03-01T09:30:00Z", en: "an instant such as 2026-03-01T09:30:00Z")
    ) {
      // An offset's plus sign that was not percent-encoded has become a blank.
      Instant($0.replacing(" ", with: "+"))
    }
  }

  /// One of the cases of an enumeration.
  package mutating func choice<Value: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ type: Value.Type = Value.self
  ) -> Value? {
    let cases = Value.allCases.map(\.rawValue).joined(separator: ", ")
    return value(
      name, expected: LocalizedText(zh: "以下之一：\(cases)", en: "one of \(cases)")
    ) { Value(rawValue: $0) }
  }
}
