extension WorkingCalendar {
  /// Mainland China, 2026 and 2027.
  ///
  /// 2026 is the schedule that the General Office of the State Council announced on 4 November 2025.
  /// 2027 is provisional: the statutory days of the Regulation on Public Holidays (2024 revision),
  /// and for those that fall on a Saturday or Sunday the next ordinary working days, as the
  /// regulation wants it. An announced schedule moves such days and has make-up days besides.
  package static let china = WorkingCalendar(
    name: LocalizedText(zh: "中国大陆", en: "Mainland China"),
    holidays: year2026 + year2027,
    makeUpDays: [
      day(2026, 1, 4, of: .newYear), day(2026, 2, 14, of: .springFestival),
      day(2026, 2, 28, of: .springFestival), day(2026, 5, 9, of: .labourDay),
      day(2026, 9, 20, of: .nationalDay), day(2026, 10, 10, of: .nationalDay),
    ].map {
      NamedDay($0.date, LocalizedText(zh: $0.name.zh + "调休上班", en: $0.name.en + " (make-up day)"))
    },
    provisionalYears: [2027])

  private static let year2026 =
    days(2026, 1, 1...3, of: .newYear) + days(2026, 2, 15...23, of: .springFestival)
    + days(2026, 4, 4...6, of: .qingming) + days(2026, 5, 1...5, of: .labourDay)
    + days(2026, 6, 19...21, of: .dragonBoat) + days(2026, 9, 25...27, of: .midAutumn)
    + days(2026, 10, 1...7, of: .nationalDay)

  private static let year2027 =
    days(2027, 1, 1...1, of: .newYear)
    // The eve, the first three days of the year, and two in lieu of a Saturday and a Sunday.
    + days(2027, 2, 5...10, of: .springFestival)
    + days(2027, 4, 5...5, of: .qingming)
    // Saturday and Sunday, and two days in lieu.
    + days(2027, 5, 1...4, of: .labourDay)
    + days(2027, 6, 9...9, of: .dragonBoat) + days(2027, 9, 15...15, of: .midAutumn)
    // Three days, and two in lieu of a Saturday and a Sunday.
    + days(2027, 10, 1...5, of: .nationalDay)

  private static func day(
    _ year: Int, _ month: Int, _ day: Int, of name: LocalizedText
  ) -> NamedDay {
    NamedDay(CalendarDay(days: CivilDate.days(year: year, month: month, day: day)), name)
  }

  private static func days(
    _ year: Int, _ month: Int, _ days: ClosedRange<Int>, of name: LocalizedText
  ) -> [NamedDay] {
    days.map { day(year, month, $0, of: name) }
  }
}

extension LocalizedText {
  fileprivate static let newYear = LocalizedText(zh: "元旦", en: "New Year's Day")
  fileprivate static let springFestival = LocalizedText(zh: "春节", en: "Spring Festival")
  fileprivate static let qingming = LocalizedText(zh: "清明节", en: "Qingming Festival")
  fileprivate static let labourDay = LocalizedText(zh: "劳动节", en: "Labour Day")
  fileprivate static let dragonBoat = LocalizedText(zh: "端午节", en: "Dragon Boat Festival")
  fileprivate static let midAutumn = LocalizedText(zh: "中秋节", en: "Mid-Autumn Festival")
  fileprivate static let nationalDay = LocalizedText(zh: "国庆节", en: "National Day")
}
