import Contracts
import Testing

@testable import Forecasting

@Suite struct StageEventCheckTests {
  private func failure(_ edit: (inout StageEvent) -> Void) -> MessageFailure? {
    var history = History(1)
    history.create()
    var event = history.move(to: "offer")
    edit(&event)
    return failure(event, value: nil)
  }

  private func failure(_ event: StageEvent, value: [UInt8]?) -> MessageFailure? {
    do throws(MessageFailure) {
      try StageEventCheck.check(event, value: value)
      return nil
    } catch {
      return error
    }
  }

  @Test func whatStageServiceSendsPasses() {
    var history = History(1)
    history.create(entryUnknown: true)
    history.move(to: "offer")
    history.change()
    history.note()
    history.revert()
    for event in history.events { #expect(failure(event, value: nil) == nil) }
  }

  @Test func whatNoRowCanHoldIsRefused() {
    #expect(failure { $0.data.sequence = 0 }?.code == .invalidData)
    #expect(failure { $0.data.sequence = 1 }?.reason.hasPrefix("/sequence must be 1 for") == true)
    #expect(failure { $0.data.epoch = -1 }?.code == .invalidData)
    #expect(failure { $0.data.pipelineVersion = 1 << 31 }?.code == .invalidData)
    #expect(failure { $0.data.toPosition = -1 }?.code == .invalidData)
    #expect(failure { $0.data.to = nil }?.reason == "/to is missing")
    #expect(failure { $0.data.from = "" }?.reason == "/from is missing")
    #expect(failure { $0.data.fromCategory = nil }?.reason == "/fromCategory is missing")
    #expect(failure { $0.data.toPosition = nil }?.reason == "/toPosition is missing")
  }

  @Test func aMergeNamesAnotherDeal() {
    var history = History(1)
    history.create()
    var event = history.merge(into: History(2).id)
    #expect(failure(event, value: nil) == nil)
    event.data.merged = MergedInto(opportunityId: history.id)
    #expect(
      failure(event, value: nil)?.reason == "/merged/opportunityId must be another opportunity")
    event.data.merged = nil
    #expect(failure(event, value: nil)?.reason == "/merged is missing")
  }

  @Test func anErasureSaysWhatWasErased() {
    var history = History(1)
    history.create()
    var event = history.erase(names: true)
    #expect(failure(event, value: nil) == nil)
    event.data.erased = nil
    #expect(failure(event, value: nil)?.reason == "/erased is missing")
  }

  @Test func aReversalSaysWhatItTakesBack() {
    func failure(_ edit: (inout StageEventData) -> Void) -> String? {
      var history = History(1)
      history.create()
      history.move(to: "offer")
      history.move(to: "talks")
      var event = history.revert()
      edit(&event.data)
      return self.failure(event, value: nil)?.reason
    }
    #expect(failure { _ in } == nil)
    #expect(failure { $0.reverted = nil } == "/reverted is missing")
    #expect(failure { $0.from = nil } == "/from is missing")
    #expect(failure { $0.to = "" } == "/to is missing")
    #expect(failure { $0.toCategory = nil } == "/toCategory is missing")
    #expect(failure { $0.fromPosition = nil } == "/fromPosition is missing")
    #expect(
      failure { $0.reverted?.sequence = 4 }
        == "/reverted/sequence must be 2 or more and less than the event's, 4")
    #expect(failure { $0.reverted?.sequence = 1 }?.hasPrefix("/reverted/sequence must") == true)
    #expect(
      failure { $0.reverted?.epoch = 2 } == "/reverted/epoch must be 0 or more and at most 1")
    #expect(failure { $0.reverted?.epoch = -1 }?.hasPrefix("/reverted/epoch must") == true)
    #expect(
      failure { $0.reverted?.enteredSequence = 3 }
        == "/reverted/enteredSequence must be 1 or more and less than the move's, 3")
    #expect(
      failure { $0.reverted?.enteredEpoch = 2 }
        == "/reverted/enteredEpoch must be 0 or more and at most 1")
    #expect(
      failure {
        $0.sequence = 2
        $0.reverted?.sequence = .max
      } != nil)
  }

  @Test func anActivityIsNamed() {
    var history = History(1)
    history.create()
    var event = history.note()
    event.data.activity = nil
    #expect(failure(event, value: nil)?.reason == "/activity is missing")
  }

  @Test func textsThatNoIndexTakesAreRefused() {
    let long = String(repeating: "字", count: 171)
    #expect(failure { $0.data.to = long }?.reason == "/to has 513 bytes; 512 are allowed")
    #expect(failure { $0.data.from = long }?.code == .unprocessable)
    #expect(failure { $0.data.pipeline = long }?.code == .unprocessable)
    #expect(failure { $0.data.pipeline = String(repeating: "x", count: 512) } == nil)
    #expect(failure { $0.data.owner = String(repeating: "x", count: 100_000) } == nil)
  }

  @Test func aNullCharacterIsFoundWhereverItStands() throws {
    var history = History(1)
    var event = history.create()
    let clean = try event.messageData()
    #expect(failure(event, value: clean) == nil)
    event.data.reason = "a\0b"
    #expect(failure(event, value: try event.messageData())?.code == .unprocessable)
    event.data.reason = #"a\u0000b"#  // a backslash and digits, no control character
    #expect(failure(event, value: try event.messageData()) == nil)
    let nested = Array(#"{"changes":[{"\u0000":1}]}"#.utf8)
    #expect(failure(event, value: nested)?.code == .unprocessable)
    #expect(failure(event, value: Array(#"{"a":"b"#.utf8)) == nil)
  }
}
