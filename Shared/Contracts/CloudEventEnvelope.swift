/// What is wrong with one attribute of an event, in whatever form the event came.
package struct EnvelopeFault: Error, Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case missing
    case empty
    case notText
    case unsupportedVersion(String)
    case notAnInstant
    /// CloudEvents allows no control characters in attributes.
    case controlCharacter
    case tooLong
    case notBase64
    /// `data` and `data_base64` exclude each other.
    case dataTwice
    case repeated
    case notUTF8
  }

  /// By the name that CloudEvents gives it.
  package var attribute: String
  package var kind: Kind

  package init(_ attribute: String, _ kind: Kind) {
    self.attribute = attribute
    self.kind = kind
  }

  /// Most bytes of an attribute in UTF-8.
  package static let maximumLength = 1_024

  /// Machine-readable.
  package var code: String {
    switch kind {
    case .missing, .empty: "required"
    case .notText: "invalid-type"
    case .tooLong: "too-long"
    default: "invalid-value"
    }
  }

  /// - Parameter place: what the attribute is called where it stands, such as `the header ce-id`.
  package func message(at place: LocalizedText) -> LocalizedText {
    let words: LocalizedText =
      switch kind {
      case .missing: LocalizedText(zh: "缺失", en: "is missing")
      case .empty: LocalizedText(zh: "为空", en: "is empty")
      case .notText:
        LocalizedText(zh: "类型不对，应为字符串", en: "has the wrong type; expected a string")
      case .unsupportedVersion(let found):
        LocalizedText(zh: "为 \(found)，应为 1.0", en: "is \(found); expected 1.0")
      case .notAnInstant:
        LocalizedText(
          zh: "不是 RFC 3339 时间，例如 2026-11-23T09:30:00Z",
          en: "is not an RFC 3339 instant such as 2026-11-23T09:30:00Z")
      case .controlCharacter:
        LocalizedText(zh: "含有控制字符", en: "contains a control character")
      case .tooLong:
        LocalizedText(
          zh: "超过 \(EnvelopeFault.maximumLength) 字节",
          en: "is longer than \(EnvelopeFault.maximumLength) bytes")
      case .notBase64: LocalizedText(zh: "不是 Base64", en: "is not Base64")
      case .dataTwice:
        LocalizedText(zh: "与 data 只能二选一", en: "and data exclude each other")
      case .repeated: LocalizedText(zh: "出现多次", en: "stands there more than once")
      case .notUTF8: LocalizedText(zh: "解码后不是 UTF-8", en: "is not UTF-8 once decoded")
      }
    return LocalizedText(zh: "\(place.zh) \(words.zh)", en: "\(place.en) \(words.en)")
  }
}

/// All that is wrong with one event at once.
package struct EnvelopeFaults: Error, Hashable, Sendable {
  package var faults: [EnvelopeFault]

  package init(_ faults: [EnvelopeFault]) { self.faults = faults }

  /// As a message's failure says it.
  func failure(place: (String) -> String) -> MessageFailure {
    MessageFailure(
      .invalidEnvelope,
      faults.map {
        let place = place($0.attribute)
        return $0.message(at: LocalizedText(zh: place, en: place)).en
      }.joined(separator: "; "))
  }
}

extension CloudEvent {
  /// Checks the attributes of an event and puts them together; extension attributes other than the
  /// trace context are left out.
  ///
  /// - Parameter attribute: the value of an attribute, nil or null where there is none.
  package init(
    attributes attribute: (String) throws(EnvelopeFault) -> JSONValue?
  ) throws(EnvelopeFaults) {
    var faults: [EnvelopeFault] = []

    func text(_ name: String, required: Bool = false) -> String? {
      do throws(EnvelopeFault) {
        switch try attribute(name) {
        case nil, .null?:
          if required { faults.append(EnvelopeFault(name, .missing)) }
        case .string(""):
          if required { faults.append(EnvelopeFault(name, .empty)) }
        case .string(let text):
          if text.utf8.count > EnvelopeFault.maximumLength {
            faults.append(EnvelopeFault(name, .tooLong))
          } else if text.unicodeScalars.contains(where: \.isControl) {
            faults.append(EnvelopeFault(name, .controlCharacter))
          } else {
            return text
          }
        default:
          faults.append(EnvelopeFault(name, .notText))
        }
      } catch {
        faults.append(error)
      }
      return nil
    }

    if let version = text("specversion", required: true), version != "1.0" {
      faults.append(EnvelopeFault("specversion", .unsupportedVersion(version)))
    }
    let id = text("id", required: true)
    let source = text("source", required: true)
    let type = text("type", required: true)
    let subject = text("subject")
    var time: Instant?
    if let text = text("time") {
      time = Instant(text)
      if time == nil { faults.append(EnvelopeFault("time", .notAnInstant)) }
    }
    let traceparent = text("traceparent")
    let tracestate = text("tracestate")
    guard let id, let source, let type, faults.isEmpty else { throw EnvelopeFaults(faults) }
    self.init(
      id: id, source: source, type: type, subject: subject, time: time, traceparent: traceparent,
      tracestate: tracestate)
  }
}

extension Unicode.Scalar {
  fileprivate var isControl: Bool { value < 0x20 || (0x7f...0x9f).contains(value) }
}
