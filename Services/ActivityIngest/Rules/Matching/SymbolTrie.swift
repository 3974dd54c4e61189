/// Words over symbols as a tree whose edges lie in one flat hash table.
struct SymbolTrie: Sendable {
  static let root: Int32 = 0

  /// Value of the word that ends in a node; -1 where none does.
  private(set) var values: [Int32] = [-1]
  /// Parent and last symbol of each node, in order of creation: parents come first.
  private(set) var edges: [(parent: Int32, symbol: UInt32)] = [(0, 0)]
  private var keys: [UInt64] = Array(repeating: SymbolTrie.free, count: 64)
  private var children: [Int32] = Array(repeating: 0, count: 64)
  /// Where words begin, for the symbols of the basic plane: most symbols of a text begin none.
  private var starts: [Int32] = Array(repeating: -1, count: 0x10000)

  private static let free = UInt64.max

  var nodeCount: Int { values.count }

  /// The first value given to a word stays.
  mutating func insert(_ word: some Sequence<UInt32>, value: Int32) {
    var node = SymbolTrie.root
    for symbol in word { node = child(of: node, symbol) ?? add(node, symbol) }
    if node != SymbolTrie.root, values[Int(node)] < 0 { values[Int(node)] = value }
  }

  func child(of node: Int32, _ symbol: UInt32) -> Int32? {
    if node == SymbolTrie.root, symbol < 0x10000 {
      let child = starts[Int(symbol)]
      return child < 0 ? nil : child
    }
    let key = SymbolTrie.key(node, symbol)
    var slot = SymbolTrie.hash(key) & (keys.count - 1)
    while keys[slot] != SymbolTrie.free {
      if keys[slot] == key { return children[slot] }
      slot = (slot + 1) & (keys.count - 1)
    }
    return nil
  }

  private mutating func add(_ parent: Int32, _ symbol: UInt32) -> Int32 {
    let node = Int32(values.count)
    values.append(-1)
    edges.append((parent, symbol))
    if parent == SymbolTrie.root, symbol < 0x10000 {
      starts[Int(symbol)] = node
    } else {
      if values.count * 2 > keys.count { grow() }
      put(SymbolTrie.key(parent, symbol), node)
    }
    return node
  }

  private mutating func put(_ key: UInt64, _ node: Int32) {
    var slot = SymbolTrie.hash(key) & (keys.count - 1)
    while keys[slot] != SymbolTrie.free { slot = (slot + 1) & (keys.count - 1) }
    keys[slot] = key
    children[slot] = node
  }

  private mutating func grow() {
    let old = zip(keys, children).filter { $0.0 != SymbolTrie.free }
    let capacity = keys.count * 2
    keys = Array(repeating: SymbolTrie.free, count: capacity)
    children = Array(repeating: 0, count: capacity)
    for (key, node) in old { put(key, node) }
  }

  private static func key(_ node: Int32, _ symbol: UInt32) -> UInt64 {
    UInt64(UInt32(bitPattern: node)) << 32 | UInt64(symbol)
  }

  private static func hash(_ key: UInt64) -> Int {
    let mixed = key &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: (mixed ^ mixed >> 32) & 0x7fff_ffff)
  }
}
