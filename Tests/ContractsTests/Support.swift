import Contracts
import Foundation

/// SplitMix64: random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

func json(_ value: some Encodable) throws -> String {
  String(decoding: try JSONCoding.encode(value), as: UTF8.self)
}

func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
  try JSONCoding.decode(type, from: Array(text.utf8))
}

/// What `JSONCoding.explain` says of the error that reading `text` ends in; nil when it can be read.
func refusal<T: Decodable>(_ type: T.Type, _ text: String) -> String? {
  do {
    _ = try decode(type, text)
    return nil
  } catch {
    return JSONCoding.explain(error)
  }
}

enum Repository {
  static func text(_ path: String) throws -> String {
    try String(contentsOf: folder.appending(path: path), encoding: .utf8)
  }

  static func files(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path).sorted()
  }

  private static let folder = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "../..").standardizedFileURL
}

let notJSON = "not valid JSON in UTF-8, or a number that its member cannot hold"
