/// The mappings that need no file.
enum BuiltInMapping: String, CaseIterable {
  case salesforceHistory = "salesforce-history"
  case flat

  var text: String {
    switch self {
    case .salesforceHistory: BuiltInMapping.salesforceText
    case .flat: BuiltInMapping.flatText
    }
  }

  private static let salesforceText = """
    # Salesforce: the export of Opportunity and the export of OpportunityHistory.
    source: salesforce                    # prefix of external ids
    pipeline: {key: salesforce, name: {en: Salesforce, zh: Salesforce 销售}}
    timeZone: UTC
    dateFormat: dd/MM/yyyy
    currency: USD
    amountUnit: major                     # or minor
    stages:                               # in the order of the pipeline
      - {from: Prospecting, key: prospecting, category: open, name: {en: Prospecting, zh: 线索开发}}
      - {from: Qualification, key: qualification, category: open, name: {en: Qualification, zh: 资格确认}}
      - {from: Value Proposition, key: value-proposition, category: open, name: {en: Value Proposition, zh: 价值主张}}
      - {from: Negotiation/Review, key: negotiation-review, category: open, name: {en: Negotiation/Review, zh: 谈判评审}}
      - {from: Closed Won, key: won, category: won, name: {en: Closed Won, zh: 赢单}}
      - {from: Closed Lost, key: lost, category: lost, name: {en: Closed Lost, zh: 输单}}
    opportunities: {id: Id, name: Name, account: AccountId, owner: OwnerId, stage: StageName, openedAt: CreatedDate, closedAt: CloseDate, amount: Amount}
    history: {id: OppID, at: CreatedDate, stage: StageName, order: SortOrder}

    """

  private static let flatText = """
    # One row per deal; an open deal has no closed date, and some have no dates at all.
    source: flat                          # prefix of external ids: give each system its own
    pipeline: {key: flat, name: {en: Imported sales, zh: 导入的销售}}
    timeZone: UTC
    dateFormat: yyyy-MM-dd
    currency: USD
    amountUnit: major                     # or minor
    stages:                               # in the order of the pipeline
      - {from: Prospecting, key: prospecting, category: open, name: {en: Prospecting, zh: 线索开发}}
      - {from: Engaging, key: engaging, category: open, name: {en: Engaging, zh: 商务接洽}}
      - {from: Won, key: won, category: won, name: {en: Won, zh: 赢单}}
      - {from: Lost, key: lost, category: lost, name: {en: Lost, zh: 输单}}
    opportunities: {id: opportunity_id, name: [account, product], account: account, owner: sales_agent, stage: deal_stage, openedAt: engage_date, closedAt: close_date, amount: close_value}
    entryStage: engaging                  # where a deal was from openedAt to closedAt

    """
}
