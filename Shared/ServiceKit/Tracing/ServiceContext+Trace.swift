package import ServiceContextModule

private enum TraceKey: ServiceContextKey {
  typealias Value = TraceContext
  static var nameOverride: String? { "trace" }
}

extension ServiceContext {
  /// The trace that the current work belongs to.
  package var trace: TraceContext? {
    get { self[TraceKey.self] }
    set { self[TraceKey.self] = newValue }
  }
}
