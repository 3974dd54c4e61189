import Contracts
import HTTPTypes
import ServiceKit

/// The body of `POST /v1/subscriptions`.
struct NewSubscription: Decodable, Sendable {
  var url: String
  var types: [String]?
  var filter: EventFilter?
  var description: String?
}

/// The body of `PATCH /v1/subscriptions/{id}`: what is left out stays; a null description clears it.
struct SubscriptionPatch: Decodable, Sendable {
  var url: String?
  var types: [String]?
  var filter: EventFilter?
  var status: Subscription.Status?
  var description: Patch<String>

  private enum CodingKeys: CodingKey { case url, types, filter, status, description }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    url = try container.decodeIfPresent(String.self, forKey: .url)
    types = try container.decodeIfPresent([String].self, forKey: .types)
    filter = try container.decodeIfPresent(EventFilter.self, forKey: .filter)
    status = try container.decodeIfPresent(String.self, forKey: .status).map { text in
      guard let status = Subscription.Status(rawValue: text), [.active, .paused].contains(status)
      else {
        throw DecodingError.dataCorruptedError(
          forKey: .status, in: container, debugDescription: "must be active or paused")
      }
      return status
    }
    if !container.contains(.description) {
      description = .keep
    } else if try container.decodeNil(forKey: .description) {
      description = .clear
    } else {
      description = .set(try container.decode(String.self, forKey: .description))
    }
  }
}

/// What is wrong with a subscription, all of it.
struct SubscriptionCheck {
  private(set) var errors: [ProblemError] = []

  mutating func refuse(_ pointer: String, _ code: String, _ message: LocalizedText) {
    errors.append(
      ProblemError(
        code: code, pointer: pointer, field: String(pointer.split(separator: "/")[0]),
        message: message))
  }

  func finish() throws {
    guard errors.isEmpty else {
      throw Problem(
        .unprocessableContent, code: "invalid-subscription",
        title: "The subscription is not usable", errors: errors)
    }
  }

  /// The form of the URL and the addresses behind it.
  mutating func url(_ text: String, _ check: AddressCheck) async throws {
    do {
      _ = try await check.addresses(of: try EndpointURL(text))
    } catch let objection as EndpointURL.Objection {
      refuse("/url", "invalid-url", objection.message)
    } catch let refusal as AddressCheck.Refusal {
      refuse(
        "/url", "address-refused",
        LocalizedText(
          zh: "不允许向该地址发送：\(refusal)；如需内网地址，请设置 SLUICE_WEBHOOK_PRIVATE_ADDRESSES=allow",
          en: "\(refusal); private addresses need SLUICE_WEBHOOK_PRIVATE_ADDRESSES=allow"))
    } catch let failure as AddressResolver.Failure {
      refuse(
        "/url", "host-not-found",
        LocalizedText(zh: "无法解析主机名：\(failure)", en: failure.description))
    }
  }

  mutating func types(_ types: [String]) {
    let known = KnownTypes.all.joined(separator: ", ")
    for (index, type) in types.enumerated() where !KnownTypes.all.contains(type) {
      refuse(
        "/types/\(index)", "unknown-type",
        LocalizedText(
          zh: "不是已知的事件类型；可选：\(known)", en: "is no known type; there are: \(known)"))
    }
  }

  mutating func filter(_ filter: EventFilter) {
    let members = [
      ("pipeline", filter.pipeline), ("team", filter.team), ("stage", filter.stage),
      ("owner", filter.owner),
    ]
    for (name, texts) in members {
      guard let texts else { continue }
      if !(1...100).contains(texts.count) {
        refuse(
          "/filter/\(name)", "invalid-filter",
          LocalizedText(zh: "应有 1 至 100 个值", en: "must hold 1 to 100 values"))
      }
      if !texts.allSatisfy({ (1...500).contains($0.count) && !$0.utf8.contains(0) }) {
        refuse(
          "/filter/\(name)", "invalid-filter",
          LocalizedText(
            zh: "每个值应为 1 至 500 个字符，且不含 U+0000",
            en: "each value must have 1 to 500 characters and no U+0000"))
      }
    }
  }

  mutating func description(_ text: String) {
    if text.count > 500 || text.utf8.contains(0) {
      refuse(
        "/description", "invalid-description",
        LocalizedText(
          zh: "最多 500 个字符，且不含 U+0000", en: "must have 500 characters at most and no U+0000"))
    }
  }
}
