import Foundation

/// JSON pointers of the numbers that the type has no room for (a fraction where an integer
/// belongs), of which the decoder says only that there is one.
///
/// Found by trial: with every number set to 0 the complaint goes away, and comes back with each
/// culprit that is put back. The work is bounded; what is beyond the bound goes unnamed.
func pointersOfUnfitNumbers(_ body: [UInt8], decode: (Data) throws -> Void) -> [String] {
  guard let tree = try? JSONSerialization.jsonObject(with: Data(body)) else { return [] }
  var numbers: [(path: [PathKey], value: NSNumber)] = []
  collectNumbers(tree, path: [], into: &numbers)
  let suspicious = numbers.filter { Int64(exactly: $0.value.doubleValue) == nil }
  let ordered = suspicious + numbers.filter { Int64(exactly: $0.value.doubleValue) != nil }
  let bound = max(1, min(64, (4 << 20) / max(body.count, 1)))

  let zeroed = zeroingNumbers(tree)
  return ordered.prefix(bound).compactMap { number in
    let trial = replacing(zeroed, at: number.path[...], with: number.value)
    guard let data = try? JSONSerialization.data(withJSONObject: trial) else { return nil }
    do {
      try decode(data)
      return nil
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
      return jsonPointer(number.path)
    } catch {
      return nil
    }
  }
}

private struct PathKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    self.intValue = nil
  }

  init(intValue: Int) {
    self.stringValue = String(intValue)
    self.intValue = intValue
  }
}

private func collectNumbers(
  _ tree: Any, path: [PathKey], into numbers: inout [(path: [PathKey], value: NSNumber)]
) {
  switch tree {
  case let members as [String: Any]:
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      collectNumbers(value, path: path + [PathKey(stringValue: key)], into: &numbers)
    }
  case let elements as [Any]:
    for (index, value) in elements.enumerated() {
      collectNumbers(value, path: path + [PathKey(intValue: index)], into: &numbers)
    }
  case let number as NSNumber:
    numbers.append((path, number))
  default: break
  }
}

private func zeroingNumbers(_ tree: Any) -> Any {
  switch tree {
  case let members as [String: Any]: members.mapValues(zeroingNumbers)
  case let elements as [Any]: elements.map(zeroingNumbers)
  case is NSNumber: 0
  default: tree
  }
}

private func replacing(_ tree: Any, at path: ArraySlice<PathKey>, with value: Any) -> Any {
  guard let key = path.first else { return value }
  if var members = tree as? [String: Any], let child = members[key.stringValue] {
    members[key.stringValue] = replacing(child, at: path.dropFirst(), with: value)
    return members
  }
  if var elements = tree as? [Any], let index = key.intValue {
    elements[index] = replacing(elements[index], at: path.dropFirst(), with: value)
    return elements
  }
  return tree
}
