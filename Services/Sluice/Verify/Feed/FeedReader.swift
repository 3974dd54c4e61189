import Contracts

/// Reads stage-service's feed page by page.
struct FeedReader: Sendable {
  static let pageSize = 1_000

  /// One page behind a cursor.
  let fetch: @Sendable (_ after: String?) async throws -> FeedPage
  private var cursor: String?

  init(fetch: @escaping @Sendable (_ after: String?) async throws -> FeedPage) {
    self.fetch = fetch
  }

  init(_ stageService: ServiceClient) {
    self.init { cursor in
      let after = cursor.map { "&after=" + ServiceClient.encode($0) } ?? ""
      return try await stageService.get(
        "/v1/events?limit=\(FeedReader.pageSize)\(after)", as: FeedPage.self)
    }
  }

  /// Reads on to where the feed ends now. Returns how many events were new.
  @discardableResult
  mutating func readOn(
    into feed: inout FeedIndex, progress: (Int) -> Void = { _ in }
  ) async throws -> Int {
    let before = feed.events.count
    while true {
      let page = try await fetch(cursor)
      guard let last = page.items.last else { break }
      feed.append(page.items, after: cursor)
      progress(feed.events.count)
      guard last.cursor != cursor else {
        throw OperatorFailure.unavailable(
          "stage-service's feed stands still at the cursor \(last.cursor)")
      }
      cursor = last.cursor
      if page.next == nil { break }
    }
    return feed.events.count - before
  }

  /// The event as the feed has it, read again.
  func item(_ event: FeedEvent, of feed: FeedIndex) async throws -> FeedItem? {
    try await fetch(feed.pages[Int(event.page)]).items.first { $0.eventId == event.id }
  }
}
