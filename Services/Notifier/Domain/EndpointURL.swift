import Contracts
import Foundation

/// Where webhooks go: an absolute URL that was checked.
struct EndpointURL: Hashable, Sendable {
  static let maximumLength = 2_048

  let text: String
  /// As it is written, without the brackets of an address.
  let host: String

  /// What makes a URL unfit.
  struct Objection: Error, Hashable {
    let message: LocalizedText

    init(zh: String, en: String) { message = LocalizedText(zh: zh, en: en) }
  }

  init(_ text: String) throws(Objection) {
    guard text.utf8.count <= EndpointURL.maximumLength else {
      throw Objection(
        zh: "最多 \(EndpointURL.maximumLength) 个字节",
        en: "must have \(EndpointURL.maximumLength) bytes at most")
    }
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    guard isPlain, let url = URL(string: text), let scheme = url.scheme?.lowercased(),
      ["http", "https"].contains(scheme), let host = url.host, !host.isEmpty
    else {
      throw Objection(
        zh: "应为 http 或 https 的绝对地址，只含 ASCII 字符，例如 https://example.com/hooks",
        en: "must be an absolute http or https URL in ASCII such as https://example.com/hooks")
    }
    guard url.user == nil, url.password == nil else {
      throw Objection(
        zh: "不能包含用户名或密码；请用签名识别发送方",
        en: "must not hold a user name or password; the signature tells who sends")
    }
    guard url.fragment == nil else {
      throw Objection(zh: "不能包含 #片段", en: "must not hold a fragment (#…)")
    }
    guard (1...65_535).contains(url.port ?? 443) else {
      throw Objection(zh: "端口应在 1 到 65535 之间", en: "must have a port from 1 to 65535")
    }
    let bare =
      host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    let isName = bare.wholeMatch(of: /[A-Za-z0-9._-]{1,253}/) != nil
    guard isName || IPAddress(bare) != nil else {
      throw Objection(
        zh: "主机名只能由字母、数字、点、连字符和下划线组成；其他文字的域名请写成 punycode",
        en: "must name a host of letters, digits, dots, hyphens and underscores; "
          + "write other scripts in punycode")
    }
    self.text = text
    self.host = bare
  }
}
