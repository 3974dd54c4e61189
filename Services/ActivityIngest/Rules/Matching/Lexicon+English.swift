extension Lexicon {
  static let english: [(kind: Cue.Kind, words: [String])] = [
    (
      .plain,
      words(
        [
          "no", "no more", "no further", "no other", "have no", "without", "without any",
          "don't have any",
          "do not have any", "without further", "not have any",
        ],
        [
          "problem", "problems", "objection", "objections", "issue", "issues", "question",
          "questions", "doubt",
          "doubts", "changes", "change", "comments", "concern", "concerns", "amendments",
          "modifications",
          "reservations",
        ])
        + [
          "please note", "please find", "please be advised", "please be informed", "please see",
          "please proceed",
          "please go ahead", "please accept", "not only", "no doubt", "no later than", "no worries",
          "as soon as possible", "if any", "as planned", "as expected", "as requested", "at will",
          "our plan",
          "your plan", "the plan", "this plan", "that plan", "plan b", "would like to confirm",
          "would like to inform", "would like to accept", "i'd like to confirm",
          "we'd like to confirm",
          "happy to confirm", "pleased to confirm", "glad to confirm", "can confirm",
          "can now confirm",
          "delighted to confirm", "writing to confirm", "wish to confirm", "want to confirm that",
          "like to confirm that", "pleased to inform", "happy to inform", "may 1",
          "until further notice",
        ]
    ),
    (
      .filler,
      [
        "the", "a", "an", "this", "that", "these", "your", "our", "my", "their", "its", "already",
        "now", "just",
        "hereby", "herewith", "formally", "officially", "fully", "also", "both", "all", "finally",
        "today", "is",
        "are", "was", "were", "am", "has", "have", "had", "been", "duly", "herein", "internally",
        "successfully",
        "gladly", "happily", "today's", "final", "finally", "then", "totally", "completely",
        "absolutely",
      ]
    ),
    (
      .negation,
      [
        "not", "no", "never", "cannot", "can't", "can not", "won't", "don't", "doesn't", "didn't",
        "isn't",
        "aren't", "wasn't", "weren't", "haven't", "hasn't", "hadn't", "couldn't", "wouldn't",
        "shouldn't",
        "ain't", "dont", "havent", "cant", "without", "unable", "refuse", "refused", "refuses",
        "reject",
        "rejected", "decline", "declined",
        "no longer", "neither", "nor", "hardly", "barely", "fail", "failed", "fails", "instead of",
        "rather than",
        "yet to", "far from", "stop", "hold off", "forgot", "forget",
        "nobody", "none", "nothing", "pending", "awaiting", "waiting for", "wait for",
        "waiting until",
        "wait until", "against", "until", "still need", "still needs", "need to", "needs to",
        "must", "to be", "ready to be",
        "has to", "have to", "prior to", "missing",
      ]
    ),
    (
      .question,
      words(
        [
          "could", "can", "would", "will", "shall", "should", "may", "might", "do", "did", "have",
          "are", "were",
        ],
        ["you", "we", "i"]
      ).filter { !["would i", "will i", "will we", "can i"].contains($0) }
        + [
          "has he", "has she", "have they", "did they", "will they", "do they", "is it possible",
          "when will",
          "when can", "when could", "when do", "when would", "when is", "how soon", "how long",
          "how much",
          "whether", "what if", "why", "any update", "any updates", "any news", "wonder",
          "wondering",
          "let me know if", "let us know if", "know if", "see if", "check if", "confirm if",
          "advise if", "ask if",
          "sure if", "isn't it", "could anyone", "could someone", "question is",
        ]
    ),
    (
      .opening,
      words(
        [
          "is", "are", "was", "were", "has", "have", "had", "do", "does", "did", "can", "could",
          "will", "would",
          "shall", "should", "may",
        ],
        [
          "the", "this", "that", "your", "our", "they", "he", "she", "it", "there", "anyone", "a",
          "any",
          "everything", "everybody", "all",
        ])
    ),
    (
      .request,
      [
        "please", "kindly", "pls", "plz", "remind", "make sure", "ensure", "let us know",
        "let me know", "need you",
        "ask you", "asking you", "request", "requesting", "urge", "get them to", "help us",
        "help me", "asap",
      ]
    ),
    (
      .condition,
      [
        "if", "once", "unless", "as soon as", "provided", "provided that", "assuming", "subject to",
        "in case",
        "as long as", "conditional on", "contingent on", "depending on", "depends on", "otherwise",
        "suppose",
        "only when", "even if", "in the event",
      ]
    ),
    (
      .plan,
      [
        "will", "'ll", "i'll", "we'll", "they'll", "he'll", "she'll", "it'll", "you'll", "would",
        "i'd", "we'd",
        "they'd", "should", "may", "might", "could", "shall", "can", "plan", "plans", "planning",
        "planned",
        "going to", "gonna", "expect", "expects", "expected", "hope", "hopes", "hoping",
        "hopefully", "want",
        "wants", "intend", "intends", "aim", "about to", "ready to", "in order to", "so that",
        "tomorrow",
        "next week", "next month", "next monday", "next tuesday", "next wednesday", "next thursday",
        "next friday",
        "later", "soon", "shortly", "eventually", "after", "before", "when", "while", "by the time",
        "upon",
        "maybe", "perhaps", "probably", "possibly", "likely", "think", "believe", "guess", "seems",
        "apparently",
        "supposed", "consider", "considering", "discuss", "discussing", "review", "reviewing",
        "evaluate",
        "evaluating", "try", "trying", "get the", "need", "needs", "wish", "try to", "ought",
        "verbally",
        "tentatively", "draft", "template", "to have", "in principle", "looking to", "prepared to",
        "able to",
        "almost", "nearly", "partially", "partly", "end of the month", "by friday", "by monday",
        "in process",
      ]
    ),
    (.sequel, ["yet", "deadline", "date"]),
    (
      .noun,
      ["process", "procedure", "request", "form", "template", "deadline", "meeting", "ceremony"]
    ),
    (
      .withdrawal,
      [
        "cancel", "cancels", "cancelled", "canceled", "withdraw", "withdrawn", "withdrew",
        "postpone",
        "postponed", "delayed", "expired", "void", "voided", "revoked", "terminated", "on hold",
      ]
    ),
    (
      .objection,
      [
        "too high", "too expensive", "too much", "wrong", "incorrect", "an error", "a mistake",
        "mistake",
        "by mistake", "is too", "rejected", "declined",
      ]
    ),
    (.handover, ["to"]),
    (.receipt, ["receipt", "receiving", "received", "reception"]),
    (.contrast, ["but", "however", "nevertheless", "except", "although", "though"]),
    (.turn, ["therefore", "so", "instead", "hence", "and"]),
  ]

  private static func words(_ parts: [String]...) -> [String] {
    parts.dropFirst().reduce(parts.first ?? []) { heads, tails in
      combine(heads, tails, separator: " ")
    }
  }
}
