import Contracts
import Foundation

extension Problem {
  /// What a decoder found, with the JSON pointer of the field and what was expected.
  ///
  /// - Parameter decode: decodes another body of the same type.
  init(decoding error: DecodingError, body: [UInt8], decode: (Data) throws -> Void) {
    if let complaint = syntaxComplaint(body) {
      self = .invalidJSON(complaint)
      return
    }
    switch error {
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      self = .invalidRequest(
        pointersOfUnfitNumbers(body, decode: decode).map {
          ProblemError(
            code: "invalid-value", pointer: $0,
            message: LocalizedText(
              zh: "数值不适用：应为范围内的整数", en: "the number does not fit: expected an integer in range"))
        }, detail: "the body holds a value that does not fit")
    case .keyNotFound(let key, let context):
      self = .field(
        "required", context.codingPath + [key], zh: "缺少必填字段", en: "the field is required")
    case .valueNotFound(let type, let context):
      let expected = jsonName(type)
      self = .field(
        "required", context.codingPath, zh: "不能为 null，应为\(expected.zh)",
        en: "must not be null: expected \(expected.en)")
    case .typeMismatch(let type, let context):
      let expected = jsonName(type)
      self = .field(
        "invalid-type", context.codingPath, zh: "类型不对，应为\(expected.zh)",
        en: "of the wrong type: expected \(expected.en)")
    case .dataCorrupted(let context):
      self = .field(
        "invalid-value", context.codingPath, zh: "值无效：\(context.debugDescription)",
        en: context.debugDescription)
    @unknown default:
      self = .invalidJSON("the body cannot be decoded")
    }
  }

  private static func field(
    _ code: String, _ path: [any CodingKey], zh: String, en: String
  ) -> Problem {
    let pointer = jsonPointer(path)
    let name = path.last { $0.intValue == nil }?.stringValue
    return .invalidRequest(
      [
        ProblemError(
          code: code, pointer: pointer, field: name, message: LocalizedText(zh: zh, en: en))
      ], detail: "\(pointer.isEmpty ? "the body" : pointer): \(en)")
  }
}

/// RFC 6901.
func jsonPointer(_ path: [any CodingKey]) -> String {
  path.map { key in
    let part = key.intValue.map(String.init) ?? key.stringValue
    return "/" + part.replacing("~", with: "~0").replacing("/", with: "~1")
  }.joined()
}

/// What a Swift type is called in JSON.
private func jsonName(_ type: any Any.Type) -> LocalizedText {
  switch type {
  case is String.Type, is Date.Type, is UUID.Type: LocalizedText(zh: "字符串", en: "a string")
  case is any BinaryInteger.Type: LocalizedText(zh: "整数", en: "an integer")
  case is any BinaryFloatingPoint.Type, is Decimal.Type: LocalizedText(zh: "数字", en: "a number")
  case is Bool.Type: LocalizedText(zh: "布尔值", en: "true or false")
  case is [Any].Type: LocalizedText(zh: "数组", en: "an array")
  default:
    "\(type)".hasPrefix("Array<")
      ? LocalizedText(zh: "数组", en: "an array") : LocalizedText(zh: "对象", en: "an object")
  }
}

/// Why the body is no JSON, with the byte offset; nil where it is. The decoder itself does not say.
private func syntaxComplaint(_ body: [UInt8]) -> String? {
  do {
    _ = try JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed)
    return nil
  } catch {
    let words = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
    return (words ?? "the body cannot be parsed").replacing(
      "around character", with: "at byte offset")
  }
}
