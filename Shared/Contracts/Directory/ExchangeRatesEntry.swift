/// What one unit of each currency is worth in the base currency on a day.
package struct ExchangeRatesEntry: DirectoryPayload {
  package static let type = "sluice.exchange-rates-changed.v1"
  package static let kind = "exchange-rates"

  package var date: CalendarDay
  /// ISO 4217.
  package var base: String
  /// By ISO 4217 code, as decimal text that never passes through floating point: with the base CNY,
  /// `"USD": "7.1234"` says that one dollar is 7.1234 yuan.
  package var rates: [String: String]
  package var version: Int64
  package var changedAt: Instant
  package var changedBy: String

  package var id: String { date.description }

  package init(
    date: CalendarDay, base: String, rates: [String: String], version: Int64 = 1,
    changedAt: Instant, changedBy: String
  ) {
    self.date = date
    self.base = base
    self.rates = rates
    self.version = version
    self.changedAt = changedAt
    self.changedBy = changedBy
  }
}
