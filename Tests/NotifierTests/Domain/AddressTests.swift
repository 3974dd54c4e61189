import Contracts
import Dispatch
import Synchronization
import Testing

@testable import Notifier

@Suite struct AddressTests {
  private func objection(_ text: String, allowsPrivate: Bool = false) throws -> String? {
    AddressPolicy(allowsPrivate: allowsPrivate).objection(to: try #require(IPAddress(text)))
  }

  @Test(arguments: [
    "1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0",
    "223.255.255.255", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    "2002:0808:0808::1",
  ])
  func publicAddressesAreAllowed(_ text: String) throws {
    #expect(try objection(text) == nil)
    #expect(try objection(text, allowsPrivate: true) == nil)
  }

  @Test(arguments: [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "100.64.0.1", "198.18.0.1", "::1", "fc00::1", "fdff::1", "::ffff:127.0.0.1",
    "::ffff:10.1.2.3", "64:ff9b::192.168.0.1", "2002:0a00:0001::1",
  ])
  func privateAddressesNeedPermission(_ text: String) throws {
    #expect(try objection(text)?.contains("private or loopback") == true)
    #expect(try objection(text, allowsPrivate: true) == nil)
  }

  @Test(arguments: [
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "100.100.100.200", "192.0.0.1", "192.0.2.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255", "::",
    "fe80::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2001::1", "::ffff:169.254.169.254",
    "::ffff:0.0.0.0", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1", "::127.0.0.1", "4000::1",
    "64:ff9b:1::1", "fec0::1",
  ])
  func someAddressesAreNeverAllowed(_ text: String) throws {
    #expect(try objection(text) != nil)
    #expect(try objection(text, allowsPrivate: true) != nil)
  }

  @Test func onlyTheTextFormsOfAddressesAreAddresses() {
    for text in ["127.1", "0x7f000001", "2130706433", "1.2.3.4.5", "example.com", "[::1]", ""] {
      #expect(IPAddress(text) == nil)
    }
    #expect(IPAddress("2606:4700::0001")?.description == "2606:4700::1")
    #expect(IPAddress("10.0.0.1")?.description == "10.0.0.1")
  }

  @Test(arguments: [
    ("https://example.com/hooks?x=1", "example.com"), ("http://127.0.0.1:8080", "127.0.0.1"),
    ("https://[2606:4700::1]:8443/a", "2606:4700::1"), ("HTTPS://Example.COM/", "Example.COM"),
    ("http://intra_net/x", "intra_net"), ("http://127.1/", "127.1"),
  ])
  func urls(_ text: String, _ host: String) throws {
    #expect(try EndpointURL(text).host == host)
  }

  @Test(arguments: [
    "", "example.com", "ftp://example.com/", "file:///etc/passwd", "https://", "https:///x",
    "https://user@example.com/", "https://user:word@example.com/", "https://example.com/#part",
    "https://exa mple.com/", "https://例子.测试/", "https://example.com:0/",
    "https://example.com:99999/", "http+unix://%2Ftmp%2Fsocket/", "https://exa%6Dple!.com/",
    "https://example.com/\n", "//example.com/",
  ])
  func whatIsNoUsableURL(_ text: String) {
    #expect(throws: EndpointURL.Objection.self) { try EndpointURL(text) }
  }

  @Test func aURLHasABound() {
    let path = String(repeating: "x", count: EndpointURL.maximumLength)
    #expect(throws: EndpointURL.Objection.self) { try EndpointURL("https://example.com/" + path) }
  }

  @Test func oneForbiddenAddressRefusesTheHost() async throws {
    let check = AddressCheck(
      resolver: AddressResolver { _ in [IPAddress("1.1.1.1")!, IPAddress("10.0.0.7")!] },
      policy: AddressPolicy(allowsPrivate: false))
    let refusal = await #expect(throws: AddressCheck.Refusal.self) {
      try await check.addresses(of: try EndpointURL("https://hooks.example.com/"))
    }
    #expect(
      refusal?.description
        == "nothing is sent to hooks.example.com: 10.0.0.7 is a private or loopback address")
  }

  @Test func aLiteralIsNotLookedUp() async throws {
    let check = AddressCheck(
      resolver: AddressResolver { _ in throw AddressResolver.Failure(description: "asked") },
      policy: AddressPolicy(allowsPrivate: false))
    let found = try await check.addresses(of: try EndpointURL("https://[2606:4700::1111]/"))
    #expect(found.map(\.description) == ["2606:4700::1111"])
  }

  /// However many ask for it, a host whose look-up hangs takes one thread, and nobody else waits.
  @Test(.timeLimit(.minutes(1))) func aHostThatIsNotFoundInTimeHoldsUpNoOther() async throws {
    let asked = Mutex<[String: Int]>([:])
    let hangs = DispatchSemaphore(value: 0)
    let address = IPAddress("192.0.2.7")!
    let resolver = AddressResolver.blocking { host in
      asked.withLock { $0[host, default: 0] += 1 }
      if host == "hangs.example.com" { hangs.wait() }
      return host == "none.example.com"
        ? .failure(AddressResolver.Failure(description: "not found")) : .success([address])
    }
    try await withThrowingTaskGroup(of: [IPAddress].self) { group in
      for _ in 0..<300 { group.addTask { try await resolver.resolve("hangs.example.com") } }
      for number in 0..<100 {
        #expect(try await resolver.resolve("\(number).example.com") == [address])
      }
      await #expect(throws: AddressResolver.Failure.self) {
        try await resolver.resolve("none.example.com")
      }
      let impatient = Task { try await resolver.resolve("hangs.example.com") }
      impatient.cancel()
      await #expect(throws: CancellationError.self) { try await impatient.value }
      // All wait for the one that was asked for, or ask once they are all answered.
      hangs.signal()
      for _ in 0..<300 { hangs.signal() }
      for try await found in group { #expect(found == [address]) }
    }
    #expect(asked.withLock { $0["0.example.com"] } == 1)
    #expect(asked.withLock { $0["hangs.example.com"] ?? 0 } < 300)
  }

  @Test func theSystemKnowsItsOwnName() async throws {
    let found = try await AddressResolver.system.resolve("localhost")
    #expect(found.contains { $0.description == "127.0.0.1" || $0.description == "::1" })
    // Old spellings of an address are names to us, and the system turns them into what they mean.
    #expect(try await AddressResolver.system.resolve("127.1").map(\.description) == ["127.0.0.1"])
    await #expect(throws: AddressResolver.Failure.self) {
      try await AddressResolver.system.resolve("no-such-host.invalid")
    }
  }
}
