import Contracts
import Testing

@Suite struct GoldenTests {
  @Test func thereIsOneForEveryType() throws {
    #expect(try Repository.files(in: Golden.folder) == Golden.types.map { "\($0).json" }.sorted())
  }

  @Test(arguments: Golden.types)
  func isReadAndWrittenAgain(_ type: String) throws {
    let example = try Golden.example(type)
    #expect(try Golden.rewritten(type, example) == example)
  }
}
