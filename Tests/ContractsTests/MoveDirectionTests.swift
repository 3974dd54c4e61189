import Contracts
import Testing

@Suite struct MoveDirectionTests {
  /// Positions: 0 and 1 open, 2 won, 3 lost, 4 and 5 after the win.
  private static let categories: [StageCategory] = [.open, .open, .won, .lost, .postWin, .postWin]

  @Test func everyPairOfStages() {
    let table: [[MoveDirection]] = [
      // to: open, open, won, lost, post-win, post-win
      [.back, .advance, .advance, .lost, .advance, .advance],
      [.back, .back, .advance, .lost, .advance, .advance],
      [.reopen, .reopen, .back, .lost, .advance, .advance],
      [.reopen, .reopen, .reopen, .lost, .reopen, .reopen],
      [.reopen, .reopen, .back, .lost, .back, .advance],
      [.reopen, .reopen, .back, .lost, .back, .back],
    ]
    for (from, row) in table.enumerated() {
      for (to, direction) in row.enumerated() {
        #expect(
          MoveDirection.of(
            from: Self.categories[from], at: from, to: Self.categories[to], at: to) == direction,
          "\(from) to \(to)")
      }
    }
  }

  @Test func winningAdvancesWhereverTheWonStageStands() {
    #expect(MoveDirection.of(from: .open, at: 3, to: .won, at: 0) == .advance)
  }

  @Test func anEventWithoutBothStagesHasNone() {
    var data = Sample.event().data
    #expect(MoveDirection.of(data) == .advance)
    data.fromPosition = nil
    #expect(MoveDirection.of(data) == nil)
  }
}
