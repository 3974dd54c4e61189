import Contracts

extension Rule {
  /// The rules that are always there; one that is stored under the same key takes the place of its
  /// namesake. All take only what comes from the customer.
  static let readyMade: [Rule] = [solutionConfirmed, quoteConfirmed, contractSigned]

  /// Keys of stages that the general template, the demo's pipelines and, as they are the usual
  /// ones, others have.
  enum StageKey {
    static let demonstration = "demo"
    static let trial = "trial"
    static let sampling = "sampling"
    static let proposal = "proposal"
    static let quotation = "quotation"
    static let audit = "audit"
    static let negotiation = "negotiation"
    static let contract = "contract"
  }
}
