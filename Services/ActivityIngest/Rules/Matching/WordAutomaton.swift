/// Finds all words of a set in one pass over a text (Aho and Corasick, 1975).
struct WordAutomaton: Sendable {
  private let trie: SymbolTrie
  /// The node of the longest proper suffix that is in the tree.
  private let failure: [Int32]
  /// The nearest node on the way of failures, itself included, in which a word ends; 0: none.
  private let ending: [Int32]
  private let lengths: [Int32]

  /// - Parameter words: none twice and none empty; a hit names the position in this list.
  init(_ words: [[UInt32]]) {
    var trie = SymbolTrie()
    for (index, word) in words.enumerated() { trie.insert(word, value: Int32(index)) }
    var depths = [Int32](repeating: 0, count: trie.nodeCount)
    var failure = [Int32](repeating: 0, count: trie.nodeCount)
    var ending = [Int32](repeating: 0, count: trie.nodeCount)
    for node in 1..<max(1, trie.nodeCount) {
      depths[node] = depths[Int(trie.edges[node].parent)] + 1
    }
    // By depth, so that a shorter suffix is always done.
    let order = (1..<max(1, trie.nodeCount)).sorted { depths[$0] < depths[$1] }
    for node in order {
      let (parent, symbol) = trie.edges[node]
      if parent != SymbolTrie.root {
        var state = failure[Int(parent)]
        while state != SymbolTrie.root, trie.child(of: state, symbol) == nil {
          state = failure[Int(state)]
        }
        failure[node] = trie.child(of: state, symbol) ?? SymbolTrie.root
      }
      ending[node] = trie.values[node] >= 0 ? Int32(node) : ending[Int(failure[node])]
    }
    self.trie = trie
    self.failure = failure
    self.ending = ending
    self.lengths = words.map { Int32($0.count) }
  }

  /// Calls `body` with the word and where it stands, in order of the ends, of equal ends the longest
  /// first.
  func search(_ text: [UInt32], _ body: (_ word: Int, _ range: Range<Int>) -> Void) {
    var state = SymbolTrie.root
    for (index, symbol) in text.enumerated() {
      while true {
        if let next = trie.child(of: state, symbol) {
          state = next
          break
        }
        if state == SymbolTrie.root { break }
        state = failure[Int(state)]
      }
      var node = ending[Int(state)]
      while node != 0 {
        let word = Int(trie.values[Int(node)])
        body(word, (index + 1 - Int(lengths[word]))..<(index + 1))
        node = ending[Int(failure[Int(node)])]
      }
    }
  }
}
