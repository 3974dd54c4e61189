import LocalServers
import Synchronization

/// Free ports of which this process gives none twice.
package enum Ports {
  private static let given = Mutex<Set<Int>>([])

  package static func next() throws -> Int {
    try given.withLock { given in
      var port = try LoopbackPort.free()
      while !given.insert(port).inserted { port = try LoopbackPort.free() }
      return port
    }
  }
}
