/// Which statements a connection has prepared, by their text; the least recently used leaves first.
struct StatementCache {
  struct Statement {
    let name: String
    /// What the server was told each parameter is; 0 where it had to find out by itself, because the
    /// value was NULL when the statement was prepared.
    let parameterTypes: [UInt32]
    fileprivate var lastUse: UInt64
  }

  enum Lookup: Equatable {
    case prepared(name: String)
    /// To be prepared under `name` with `types`, after the statements of `drop` were deallocated.
    case missing(name: String, types: [UInt32], drop: String?)
  }

  let capacity: Int
  private var statements: [String: Statement] = [:]
  private var uses: UInt64 = 0
  private var names: UInt64 = 0

  init(capacity: Int) { self.capacity = capacity }

  /// - Parameter types: object identifiers of the parameters' types, 0 for NULL, which has none.
  mutating func lookup(_ sql: String, types: [UInt32]) -> Lookup {
    uses += 1
    var drop: String?
    var wanted = types
    if let index = statements.index(forKey: sql) {
      let known = statements.values[index].parameterTypes
      if Self.fits(types, known) {
        statements.values[index].lastUse = uses
        return .prepared(name: statements.values[index].name)
      }
      drop = statements.values[index].name
      // Keeping what an earlier call knew, so that alternating NULLs settle after a few calls.
      if known.count == types.count {
        wanted = zip(types, known).map { type, known in type == 0 ? known : type }
      }
      statements.remove(at: index)
    } else if statements.count >= capacity,
      let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      drop = oldest.value.name
      statements[oldest.key] = nil
    }
    names += 1
    return .missing(name: "s\(names)", types: wanted, drop: drop)
  }

  mutating func insert(_ sql: String, name: String, types: [UInt32]) {
    statements[sql] = Statement(name: name, parameterTypes: types, lastUse: uses)
  }

  /// Forgets a statement that the server refuses to run.
  mutating func remove(_ sql: String) { statements[sql] = nil }

  private static func fits(_ types: [UInt32], _ known: [UInt32]) -> Bool {
    types.count == known.count && zip(types, known).allSatisfy { $0 == 0 || $0 == $1 }
  }
}
