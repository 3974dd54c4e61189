import Contracts
import HTTPTypes

/// The value of the attribute's header, decoded; nil where there is none.
func attributeHeader(
  _ attribute: String, in headers: HTTPFields
) throws(EnvelopeFault) -> String? {
  guard let name = HTTPField.Name("ce-\(attribute)") else { return nil }
  let values = headers[values: name]
  guard let value = values.first else { return nil }
  guard values.count == 1 else { throw EnvelopeFault(attribute, .repeated) }
  guard let text = String(validating: percentDecoded(unquoted(value)), as: UTF8.self) else {
    throw EnvelopeFault(attribute, .notUTF8)
  }
  return text
}

/// Takes off the double quotes and backslashes of a quoted string (RFC 9110, 5.6.4), which
/// producers of older versions of the binding send.
private func unquoted(_ value: String) -> [UInt8] {
  let bytes = Array(value.utf8)
  let quote = UInt8(ascii: "\"")
  guard bytes.count >= 2, bytes.first == quote, bytes.last == quote else { return bytes }
  var text: [UInt8] = []
  var isEscaped = false
  for byte in bytes[1..<(bytes.count - 1)] {
    if byte == UInt8(ascii: "\\"), !isEscaped {
      isEscaped = true
    } else {
      text.append(byte)
      isEscaped = false
    }
  }
  return text
}

/// One round; a percent sign that begins no code stands for itself.
private func percentDecoded(_ bytes: [UInt8]) -> [UInt8] {
  var text: [UInt8] = []
  var index = 0
  while index < bytes.count {
    if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
      let high = hexadecimal(bytes[index + 1]), let low = hexadecimal(bytes[index + 2])
    {
      text.append(high << 4 | low)
      index += 3
    } else {
      text.append(bytes[index])
      index += 1
    }
  }
  return text
}

private func hexadecimal(_ digit: UInt8) -> UInt8? {
  Character(Unicode.Scalar(digit)).hexDigitValue.map(UInt8.init)
}
