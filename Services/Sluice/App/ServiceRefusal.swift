import Contracts

/// What a service answered instead of doing what it was asked: problem details (RFC 9457) where it
/// sent any.
struct ServiceRefusal: OperatorError {
  let service: String
  let path: String
  let httpStatus: Int
  private let problem: Problem?

  private struct Problem: Decodable {
    struct Item: Decodable {
      struct Message: Decodable { var en: String? }
      var code: String?
      var pointer: String?
      var message: Message?
    }

    var title: String?
    var detail: String?
    var code: String?
    var errors: [Item]?
  }

  init(service: String, path: String, response: ServiceClient.Response) {
    self.service = service
    self.path = path
    httpStatus = response.status
    problem = try? JSONCoding.decode(Problem.self, from: response.body)
  }

  /// The stable code of the problem, such as `gate-refused`.
  var code: String? { problem?.code }

  var status: ExitStatus { httpStatus >= 500 || httpStatus == 429 ? .unavailable : .usage }

  var explanation: String {
    var text = "\(service) refused \(path): \(httpStatus)"
    if let title = problem?.title { text += " \(title)" }
    if let detail = problem?.detail { text += ": \(detail)" }
    for item in problem?.errors ?? [] {
      let parts = [item.pointer, item.message?.en ?? item.code].compactMap(\.self)
      text += "\n  " + parts.joined(separator: ": ")
    }
    switch httpStatus {
    case 401: text += "\n  set SLUICE_TOKEN to a valid token; sluice token --role admin makes one"
    case 403: text += "\n  the token's role may not do this; an admin's may"
    default: break
    }
    return text
  }
}
