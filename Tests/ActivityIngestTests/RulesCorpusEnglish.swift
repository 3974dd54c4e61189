extension RulesCorpus {
  /// As customers write and say it.
  static let english = sentences(
    #"""
    Q   We confirm the quote.
    Q   Quotation is approved
    Q   We hereby confirm your quotation dated Nov 20.
    Q   The quote has been approved by our management.
    Q   Your price is acceptable to us.
    Q   We accept your offer, please send the contract.
    Q   Happy to confirm the quote for 200 licences.
    Q   The price works for us, let's move on.
    Q   OK, we agree to the price.
    Q   Quote approved!
    Q   Hi Anna, the quotation for the three servers was accepted this morning.
    Q   I'd like to confirm the quotation below.
    Q   Let's go ahead with the quote.
    Q   We have no objections to the price.
    Q   The quote is confirmed, could you send the contract?
    -   We have not approved the quote.
    -   The quote isn't approved yet.
    -   Could you confirm the quote?
    -   Please confirm the quote.
    -   Can you please confirm the quotation by Friday?
    -   Is the quote approved?
    -   Has the quotation been approved?
    -   We can't accept your offer.
    -   We cannot confirm the quote.
    -   Have you confirmed the quote
    -   When will you confirm the quote?
    -   We no longer accept the quote.
    -   The quote needs to be approved by the board.
    -   The price is too high.
    -   We confirm receipt of your quote.
    -   Thanks for the quote.
    -   Please send us a quote.
    -   We rejected the quote.
    -   We are waiting for the quote to be approved.
    -   Quote not approved
    -   Not sure the quote is acceptable
    q   If you give us 5% off, we confirm the quote.
    q   We will confirm the quote tomorrow.
    q   Once the quote is approved, we sign.
    q   We would accept your offer with a discount.
    q   We plan to approve the quote next week.
    q   We may accept the quotation.
    q   Hopefully the quote is approved soon
    C   We signed the contract.
    C   The contract is signed.
    C   Contract has been signed by both parties
    C   Please find the signed contract attached.
    C   Attached is the countersigned agreement.
    C   The agreement was executed yesterday.
    C   We've signed the contract and sent it back.
    C   Here is the signed copy of the contract.
    C   I have just signed the agreement, see attachment
    -   We haven't signed the contract.
    -   Please sign the contract.
    -   The contract is not signed yet.
    -   Did you sign the contract?
    -   Have you signed the contract?
    -   When will the contract be signed?
    -   Could you please return the signed contract?
    -   The contract must be signed by our CEO.
    -   The contract is ready to be signed.
    -   We refused to sign the contract.
    c   Before we sign the contract we need a legal review
    -   The contract still needs to be signed.
    c   We will sign the contract next week.
    c   Once the contract is signed we will pay.
    c   If legal agrees, the contract will be signed on Monday.
    S   We go with your proposal.
    S   We'll go with your proposal
    S   We have decided to go with your solution.
    S   Your proposal has been accepted.
    S   The solution is confirmed.
    S   We approved the proposal in today's meeting.
    S   The committee has selected your solution.
    S   Let's proceed with the proposal.
    -   We did not accept your proposal.
    -   The proposal was rejected.
    -   Please send the proposal.
    -   Is the proposal approved?
    -   We won't go with your proposal.
    -   Could you update the proposal?
    -   The solution has not been confirmed.
    s   We might go with your proposal.
    s   If the board agrees, we go with your proposal.
    -   Hello, how are you?
    Q   Confirmed: we accept the quotation of 12 Nov.
    Q   Our board has approved the quote, so please proceed.
    Q   The pricing is fine with us.
    Q   Good news: quote approved, PO to follow.
    Q   We're happy with the price and would like to move forward.
    Q   As discussed, we accept your price.
    Q   Yes, the price is agreed.
    -   We do not agree to the price.
    -   Your quote is not acceptable.
    -   I'm afraid the price is not acceptable.
    -   Nobody has approved the quote yet.
    -   Who approved the quote?
    -   We need you to confirm the quote
    -   Any update on the quote approval?
    -   The quote is under review.
    -   The quote has expired.
    -   We will not accept this offer.
    -   Let me know if the quote is ok
    -   I have yet to confirm the quote
    -   Waiting for my boss to approve the quotation
    -   Without an approved quote we can't order
    q   The quote should be approved by Friday.
    q   We'll confirm the quote after the meeting.
    q   Provided delivery is in March, we accept your offer.
    C   Contract signed!
    C   Signed contract attached.
    C   DocuSign: everyone has signed the agreement
    C   The agreement is fully executed.
    C   Our CEO signed the contract this morning
    C   I'm sending back the signed contract.
    -   Attached is the contract for signature.
    -   Nobody signed the contract.
    -   The contract was never signed.
    -   Please send back the signed contract.
    -   We have some comments on the contract.
    -   The contract has been cancelled.
    -   Unsigned contract attached.
    -   Can the contract be signed today?
    c   We expect the contract to get signed tomorrow.
    S   Your proposal was approved by the steering committee.
    S   We chose your solution.
    S   We are going with your proposal.
    -   We decided against your proposal.
    -   We are still evaluating your proposal.
    -   We chose another vendor's solution.
    -   Your proposal has not been approved.
    -   Which proposal was approved?
    s   We will probably go with your proposal.
    """#)
}
