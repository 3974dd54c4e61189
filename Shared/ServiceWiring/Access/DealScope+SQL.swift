extension DealScope {
  /// Whether the deal of a row is one of these, as a condition with two parameters: the scope's owners
  /// and its teams. Where there is no scope both are null, and the condition holds for every row.
  ///
  /// - Parameters:
  ///   - owner: the column, or what stands for it; so is `team`.
  ///   - first: the place of the first of the two parameters.
  package static func condition(
    owner: String = "owner", team: String = "team", at first: Int
  ) -> String {
    let (owners, teams) = ("$\(first)::text[]", "$\(first + 1)::text[]")
    return "(\(owners) IS NULL OR \(owner) = ANY(\(owners)) OR \(team) = ANY(\(teams)))"
  }
}
