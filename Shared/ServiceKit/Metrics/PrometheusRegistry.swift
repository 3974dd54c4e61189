package import CoreMetrics
import Logging
import Synchronization

/// A swift-metrics backend that Prometheus can scrape.
///
/// Names: characters that Prometheus does not allow become `_`, counters end in `_total`, timers
/// in `_seconds`. Timers and aggregating recorders become histograms (timers in seconds, recorders
/// in their own unit), gauges and meters become gauges. A second use of a name with another type
/// or other label names, and a label set beyond the limit, is logged once and not exposed.
package final class PrometheusRegistry: MetricsFactory, Sendable {
  /// Upper bounds in seconds for histograms that ``describe(_:help:buckets:)`` gave none.
  package static let defaultBuckets: [Double] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]

  private struct State {
    var families: [String: MetricFamily] = [:]
    var descriptions: [String: MetricDescription] = [:]
    var hooks: [@Sendable () -> Void] = []
    var complained: Set<String> = []
  }

  private let state = Mutex(State())
  private let logger = Logger(label: "metrics")

  private let seriesLimit: Int

  /// - Parameter seriesLimit: most series of one name, a guard against labels that hold
  ///   identifiers.
  package init(seriesLimit: Int = 5000) { self.seriesLimit = seriesLimit }

  /// Gives a name its help text and a histogram its upper bounds; call it before the first use.
  ///
  /// - Parameter name: with or without the suffix that the registry adds.
  package func describe(_ name: String, help: String, buckets: [Double]? = nil) {
    let bounds = buckets.map { Array(Set($0.filter(\.isFinite))).sorted() }
    state.withLock {
      $0.descriptions[metricName(name)] = MetricDescription(help: help, buckets: bounds)
    }
  }

  /// Runs `refresh` before every scrape, to set gauges that are computed only then.
  package func onScrape(_ refresh: @escaping @Sendable () -> Void) {
    state.withLock { $0.hooks.append(refresh) }
  }

  /// Removes the series of `name` that carry all of `labels`: a gauge of a revoked partition.
  package func removeSeries(_ name: String, labels: [(String, String)] = []) {
    let wanted = MetricLabels(labels)
    let plain = metricName(name)
    state.withLock { state in
      for name in [plain, plain + "_total", plain + "_seconds"] {
        guard let family = state.families[name] else { continue }
        state.families[name]?.series = family.series.filter { !$0.key.matches(wanted) }
      }
    }
  }

  // MARK: Exposition

  /// The text of a scrape, `text/plain; version=0.0.4`, in stable order.
  package func exposition() -> [UInt8] {
    for hook in state.withLock({ $0.hooks }) { hook() }
    let (families, descriptions) = state.withLock { ($0.families, $0.descriptions) }
    var writer = ExpositionWriter()
    for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
      let help = Self.description(of: name, in: descriptions)?.help ?? name
      writer.header(name, kind: family.kind, help: help)
      let sorted = family.series.sorted { $0.key.values.lexicographicallyPrecedes($1.key.values) }
      for (_, series) in sorted { series.write(to: &writer) }
    }
    for figure in ProcessMetrics.read() where families[figure.name] == nil {
      writer.header(figure.name, kind: figure.kind, help: figure.help)
      writer.sample(figure.name, MetricLabels([]), figure.value)
    }
    return writer.bytes
  }

  private static func description(
    of name: String, in descriptions: [String: MetricDescription]
  ) -> MetricDescription? {
    if let found = descriptions[name] { return found }
    for suffix in ["_total", "_seconds"] where name.hasSuffix(suffix) {
      if let found = descriptions[String(name.dropLast(suffix.count))] { return found }
    }
    return nil
  }

  // MARK: MetricsFactory

  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    counter(label, dimensions)
  }

  package func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    counter(label, dimensions)
  }

  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(metricName(label), .gauge, dimensions) { identity, _ in GaugeSeries(identity) }
  }

  package func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    let name = metricName(label)
    if !aggregate {
      return series(name, .gauge, dimensions) { identity, _ in GaugeSeries(identity) }
    }
    return series(name, .histogram, dimensions) { HistogramSeries($0, bounds: $1) }
  }

  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    let name = metricName(label)
    return series(name.hasSuffix("_seconds") ? name : name + "_seconds", .histogram, dimensions) {
      HistogramSeries($0, bounds: $1)
    }
  }

  package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
    remove(handler)
  }
  package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

  private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterSeries {
    let name = metricName(label)
    return series(name.hasSuffix("_total") ? name : name + "_total", .counter, dimensions) {
      identity, _ in CounterSeries(identity)
    }
  }

  /// Finds or makes a series; one that may not be exposed is made all the same, detached.
  private func series<Series: MetricSeries>(
    _ name: String, _ kind: MetricKind, _ dimensions: [(String, String)],
    make: (SeriesIdentity, [Double]) -> Series
  ) -> Series {
    let identity = SeriesIdentity(name: name, labels: MetricLabels(dimensions))
    let (series, complaint) = state.withLock { state -> (Series, String?) in
      let buckets = Self.description(of: name, in: state.descriptions)?.buckets
      if let family = state.families[name] {
        if family.kind == kind, let found = family.series[identity.labels] as? Series {
          return (found, nil)
        }
        if let conflict = conflict(family, kind, identity.labels) {
          let isNew = state.complained.insert(name).inserted
          return (make(identity, []), isNew ? conflict : nil)
        }
      } else {
        state.families[name] = MetricFamily(kind: kind, labelNames: identity.labels.names)
      }
      let made = make(identity, buckets ?? Self.defaultBuckets)
      state.families[name]?.series[identity.labels] = made
      return (made, nil)
    }
    if let complaint {
      logger.error(
        "a series is not exposed", metadata: ["metric": "\(name)", "why": "\(complaint)"])
    }
    return series
  }

  private func conflict(
    _ family: MetricFamily, _ kind: MetricKind, _ labels: MetricLabels
  ) -> String? {
    if family.kind != kind { return "the name is already a \(family.kind.rawValue)" }
    if family.labelNames != labels.names {
      return "the name already has the labels \(family.labelNames)"
    }
    return family.series.count >= seriesLimit ? "it has \(seriesLimit) series already" : nil
  }

  private func remove(_ handler: AnyObject) {
    guard let series = handler as? any MetricSeries else { return }
    let identity = series.identity
    state.withLock {
      guard $0.families[identity.name]?.series[identity.labels] === series else { return }
      $0.families[identity.name]?.series[identity.labels] = nil
    }
  }
}
