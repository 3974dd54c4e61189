import Contracts
import HTTPTypes
import ServiceKit

/// `{"operation":"assign|move|patch","ids":[…]}` with the members of the operation beside them, or
/// `{"operation":…,"items":[{"id",…}]}` with those of each deal in its item.
struct BulkRequest: Decodable, Sendable {
  static let maximumItems = 10_000

  let items: [DealBatch.Item]

  private enum CodingKeys: CodingKey { case operation, ids, items }

  private enum Operation: String, Decodable {
    case assign, move, patch

    func action(from decoder: any Decoder) throws -> StageCommand.Action {
      switch self {
      case .assign: return .assign(try StageCommand.Assignment(from: decoder))
      case .patch: return .update(try OpportunityPatch(from: decoder))
      case .move:
        var move = try StageCommand.Move(from: decoder)
        // Only an automation moves on evidence.
        move.evidence = nil
        return .move(move)
      }
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let operation = try container.decode(Operation.self, forKey: .operation)
    let ids = try container.decodeIfPresent([EntityID].self, forKey: .ids)
    let hasItems = try container.contains(.items) && !container.decodeNil(forKey: .items)
    guard (ids == nil) == hasItems else {
      throw DecodingError.dataCorruptedError(
        forKey: .ids, in: container, debugDescription: "expected either ids or items")
    }
    if let ids {
      let action = try operation.action(from: decoder)
      items = ids.map { DealBatch.Item(id: $0, action: action) }
    } else {
      var list = try container.nestedUnkeyedContainer(forKey: .items)
      var items: [DealBatch.Item] = []
      while !list.isAtEnd { items.append(try BulkRequest.item(list.superDecoder(), operation)) }
      self.items = items
    }
  }

  private enum ItemKeys: CodingKey { case id, expectedSequence }

  private static func item(
    _ decoder: any Decoder, _ operation: Operation
  ) throws -> DealBatch.Item {
    let container = try decoder.container(keyedBy: ItemKeys.self)
    return DealBatch.Item(
      id: try container.decode(EntityID.self, forKey: .id),
      expectedSequence: try container.decodeIfPresent(Int64.self, forKey: .expectedSequence),
      action: try operation.action(from: decoder))
  }

  /// - Throws: a problem where there are too many.
  func checked() throws -> [DealBatch.Item] {
    guard items.count <= BulkRequest.maximumItems else {
      let most = BulkRequest.maximumItems
      throw Problem(
        .unprocessableContent, code: "invalid-command",
        title: "What the request asks for cannot be done",
        errors: [
          ProblemError(
            code: "too-many-items", pointer: "/ids", field: "ids",
            message: LocalizedText(
              zh: "一次最多 \(most) 个商机，收到 \(items.count) 个；请分批提交",
              en: "has \(items.count) opportunities; at most \(most) go in one request, so split it"
            ))
        ])
    }
    return items
  }
}
