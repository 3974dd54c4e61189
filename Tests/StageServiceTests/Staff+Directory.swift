import ServiceWiring
import TestSupport

extension Staff {
  static var directory: Directory {
    var directory = Directory()
    for person in people { directory.set(person) }
    for team in teams { directory.set(team) }
    return directory
  }
}
