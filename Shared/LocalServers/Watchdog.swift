import Glibc
import Subprocess
import SystemPackage

/// Ends what we started when we end in any way, `kill -9` included.
///
/// A small `sh` reads our list from a socket whose other end only we hold (it is close-on-exec, so no
/// child inherits it). When we are gone its input ends, and it works the list off, newest entry first:
/// services before the servers they use. An entry names a process by id and start time, so an id that
/// was given again is left alone, and nothing needs to be taken off the list.
actor Watchdog {
  static let shared = Watchdog()

  private var start: Task<Int32, any Error>?

  /// `process` gets `signal`, and after ten seconds SIGKILL.
  func end(_ process: ProcessIdentity, signal: Int32) async throws {
    try await add("process \(process.processID) \(process.startTicks) \(signal)")
  }

  /// `directory` is removed. Goes on the list before the processes that work in it.
  func remove(directory: String) async throws {
    try await add("directory \(directory)")
  }

  private func add(_ entry: String) async throws {
    let task = start ?? Task { try await Self.spawn() }
    start = task
    let ours = try await task.value
    let line = "\(entry)\n"
    // A watchdog that someone killed must not kill us by SIGPIPE.
    guard send(ours, line, line.utf8.count, Int32(MSG_NOSIGNAL)) == line.utf8.count else {
      throw LocalServerError("the watchdog of our child processes is gone")
    }
  }

  /// Our end of a socket pair, in place of a pipe: a pair can be made close-on-exec in one step.
  private static func spawn() async throws -> Int32 {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw LocalServerError("no socket for the watchdog: \(String(cString: strerror(errno)))")
    }
    let theirs = FileDescriptor(rawValue: ends[1])
    // A session of its own: Ctrl-C in our terminal is for us alone.
    var options = PlatformOptions()
    options.createSession = true
    let configuration = Configuration(
      executable: .path("/bin/sh"), arguments: ["-c", script, "sluice-watchdog"],
      workingDirectory: "/",
      platformOptions: options)
    _ = try await DetachedProcess { started in
      try await run(
        configuration, input: .fileDescriptor(theirs, closeAfterSpawningProcess: true),
        output: .discarded, error: .discarded
      ) { execution in
        started(try execution.processIdentifier.identity(of: "/bin/sh"))
      }.terminationStatus
    }
    return ends[0]
  }

  static let script = """
    alive() {
      stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
      expected=$2
      set -- ${stat##*) }
      [ "$1" != Z ] && [ "${20}" = "$expected" ]
    }
    awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) print line[i] }' |
    while read -r kind what start signal; do
      case $kind in
      process)
        alive "$what" "$start" || continue
        kill -s "$signal" "$what"
        tries=0
        while alive "$what" "$start" && [ $tries -lt 100 ]; do
          sleep 0.1
          tries=$((tries + 1))
        done
        alive "$what" "$start" && kill -s KILL "$what"
        ;;
      directory) rm -rf -- "$what" ;;
      esac
    done
    """
}
