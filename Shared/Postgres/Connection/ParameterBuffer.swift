/// The parameters of one call in the form libpq takes them. Its memory is kept from call to call.
struct ParameterBuffer {
  private(set) var types: [UInt32] = []
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var isNull: [Bool] = []

  mutating func fill(_ values: [(any PostgresEncodable)?]) throws(PostgresError) {
    types.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    isNull.removeAll(keepingCapacity: true)
    for value in values {
      if let value {
        types.append(type(of: value).postgresType.oid)
        value.encode(into: &bytes)
      } else {
        types.append(0)
      }
      isNull.append(value == nil)
      ends.append(bytes.count)
    }
    guard bytes.count < Int32.max else {
      throw PostgresError(.misuse, "the parameters of one statement exceed 2 GiB")
    }
    // An empty value needs an address that is not null, which an empty array would not have.
    bytes.append(0)
  }

  /// Pointers, lengths and formats (1: binary) of all values, valid during `body`.
  func withPointers<Result>(
    _ body: (
      _ count: Int32, _ values: UnsafePointer<UnsafePointer<CChar>?>?,
      _ lengths: UnsafePointer<Int32>?, _ formats: UnsafePointer<Int32>?
    ) -> Result
  ) -> Result {
    bytes.withUnsafeBytes { memory in
      let base = memory.baseAddress?.assumingMemoryBound(to: CChar.self)
      var pointers: [UnsafePointer<CChar>?] = []
      var lengths: [Int32] = []
      pointers.reserveCapacity(ends.count)
      lengths.reserveCapacity(ends.count)
      var start = 0
      for (index, end) in ends.enumerated() {
        pointers.append(isNull[index] ? nil : base.map { UnsafePointer($0 + start) })
        lengths.append(Int32(end - start))
        start = end
      }
      let formats = [Int32](repeating: 1, count: ends.count)
      return body(Int32(ends.count), pointers, lengths, formats)
    }
  }
}
