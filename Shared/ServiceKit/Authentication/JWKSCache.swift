import AsyncHTTPClient
import Foundation
import JWTKit
import Logging
import NIOCore
import NIOHTTP1

/// The keys that an identity provider publishes: fetched once, again when they are old, and when
/// a token names a key that is not among them, but then not too often.
actor JWKSCache {
  static let algorithms: Set<String> = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
  ]

  private struct Name: Hashable {
    let id: String
    let algorithm: String
  }

  private let url: URL
  private let logger: Logger
  private let lifetime: Duration
  private let pause: Duration
  private var keys: [Name: any JWTAlgorithm] = [:]
  private var jwks: [JWK]?
  private var fetchedAt: ContinuousClock.Instant?
  private var triedAt: ContinuousClock.Instant?
  private var running: Task<Void, Never>?

  /// - Parameters:
  ///   - lifetime: after this the keys are fetched again; old ones serve while that fails.
  ///   - pause: least time between two attempts.
  init(
    url: URL, logger: Logger, lifetime: Duration = .seconds(600), pause: Duration = .seconds(30)
  ) {
    self.url = url
    self.logger = logger
    self.lifetime = lifetime
    self.pause = pause
  }

  /// The key with this id that may be used with this algorithm. A token without an id gets the
  /// key of a set that has only one.
  func key(id: String?, algorithm: String) async throws -> (any JWTAlgorithm)? {
    if let fetchedAt {
      // Old keys serve while new ones are on their way.
      if .now - fetchedAt > lifetime { Task { await refresh() } }
    } else {
      await refresh()
    }
    if let key = await find(id: id, algorithm: algorithm) { return key }
    await refresh()
    if jwks == nil {
      throw Problem.unavailable("the keys of the identity provider cannot be fetched")
    }
    return await find(id: id, algorithm: algorithm)
  }

  private func find(id: String?, algorithm: String) async -> (any JWTAlgorithm)? {
    let name = Name(id: id ?? "", algorithm: algorithm)
    if let key = keys[name] { return key }
    let usable = (jwks ?? []).filter { $0.algorithm == nil || $0.algorithm?.rawValue == algorithm }
    let found = id.map { id in usable.filter { $0.keyIdentifier?.string == id } } ?? jwks ?? []
    guard found.count == 1, var jwk = found.first else { return nil }
    // The library takes no key without an id.
    jwk.keyIdentifier = JWKIdentifier(string: name.id)
    let collection = JWTKeyCollection()
    guard (try? await collection.add(jwk: jwk)) != nil,
      let key = try? await collection.getKey(for: jwk.keyIdentifier, alg: algorithm),
      key.name == algorithm
    else { return nil }
    keys[name] = key
    return key
  }

  private func refresh() async {
    if let running { return await running.value }
    if let triedAt, .now - triedAt < pause { return }
    triedAt = .now
    let task = Task { await fetch() }
    running = task
    await task.value
    running = nil
  }

  private func fetch() async {
    do {
      var request = HTTPClientRequest(url: url.absoluteString)
      request.headers.add(name: "Accept", value: "application/json")
      let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
      let body = try await response.body.collect(upTo: 1 << 20)
      guard response.status == .ok else { throw FetchError.status(Int(response.status.code)) }
      let set = try JSONDecoder().decode(KeySet.self, from: Data(body.readableBytesView))
      jwks = set.keys.compactMap(\.jwk)
      keys = [:]
      fetchedAt = .now
    } catch {
      logger.warning(
        "the keys of the identity provider cannot be fetched", error: error,
        metadata: ["url": "\(url.absoluteString)"])
    }
  }
}

private enum FetchError: Error {
  case status(Int)
}

/// A set of which keys that are of no use here (symmetric, for encryption, of unknown curves) are
/// left out instead of spoiling the rest.
private struct KeySet: Decodable {
  struct Entry: Decodable {
    let jwk: JWK?

    private enum CodingKeys: CodingKey { case use }

    init(from decoder: any Decoder) throws {
      let use = try? decoder.container(keyedBy: CodingKeys.self)
        .decodeIfPresent(String.self, forKey: .use)
      jwk = use == nil || use == "sig" ? try? JWK(from: decoder) : nil
    }
  }

  let keys: [Entry]
}
