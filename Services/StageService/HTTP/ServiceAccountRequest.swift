import Contracts
import ServiceKit

/// What a caller asks a new service account to be.
struct ServiceAccountRequest: Decodable, Sendable {
  var name: String?
  var roles: [String]?
  /// Requests per second.
  var rateLimit: Double?

  static let maximumNameLength = 100
  /// Actors of Sluice's own; on Kafka they mean the service itself.
  static let reservedNames: Set<String> = [
    "stage-service", "activity-ingest", "forecasting", "notifier", "sluice",
  ]

  /// All that is wrong with it.
  var failures: [GateFailure] { nameFailures + rolesFailures + rateFailures }

  private var nameFailures: [GateFailure] {
    guard let name, name.contains(where: { !$0.isWhitespace }) else {
      return [.invalid("/name", "required", zh: "不能为空", en: "must not be empty")]
    }
    var failures: [GateFailure] = []
    if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      failures.append(
        .invalid(
          "/name", "invalid-text", zh: "不能含有控制字符", en: "must not contain control characters"))
    }
    if name.unicodeScalars.count > Self.maximumNameLength {
      failures.append(
        .invalid(
          "/name", "too-long", zh: "最多 \(Self.maximumNameLength) 个字符",
          en: "must have at most \(Self.maximumNameLength) characters"))
    }
    if Self.reservedNames.contains(name) {
      failures.append(
        .invalid(
          "/name", "reserved-name", zh: "是 Sluice 自身服务的名称，请另取一个",
          en: "is the name of one of Sluice's own services; choose another"))
    }
    return failures
  }

  private var rolesFailures: [GateFailure] {
    let allowed = ServiceAccount.roles.map(\.rawValue)
    let list = allowed.joined(separator: ", ")
    guard let roles, !roles.isEmpty else {
      return [
        .invalid(
          "/roles", "required", zh: "至少填写一个角色，可选：\(list)",
          en: "must hold at least one of: \(list)")
      ]
    }
    return roles.enumerated().filter { !allowed.contains($0.element) }.map { index, role in
      let exists = Role(rawValue: role) != nil
      return GateFailure(
        code: exists ? "role-not-allowed" : "unknown-role", pointer: "/roles/\(index)",
        field: "roles",
        message: LocalizedText(
          zh: exists ? "服务账号不能拥有该角色；可选：\(list)" : "没有这个角色；可选：\(list)",
          en: exists
            ? "a service account cannot have this role; there are: \(list)"
            : "there is no such role; there are: \(list)"))
    }
  }

  private var rateFailures: [GateFailure] {
    guard let rateLimit, !RateLimiter.rates.contains(rateLimit) else { return [] }
    return [
      .invalid(
        "/rateLimit", "out-of-range", zh: "应为每秒请求数，0.01 到 1000000 之间",
        en: "must be requests per second from 0.01 to 1000000")
    ]
  }

  /// The account; to be called once there are no failures.
  func entry(
    _ token: ServiceAccountToken, createdAt: Instant, createdBy: String
  ) -> ServiceAccountEntry {
    let wanted = roles ?? []
    return ServiceAccountEntry(
      id: token.account, name: name ?? "",
      roles: ServiceAccount.roles.map(\.rawValue).filter { wanted.contains($0) },
      secretHash: token.secretHash, rateLimit: rateLimit, createdAt: createdAt,
      createdBy: createdBy)
  }
}
