extension Array {
  /// The first index whose element answers yes, where all after it do too; nil when none does.
  func partitionPoint(_ isBeyond: (Element) -> Bool) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low == count ? nil : low
  }
}
