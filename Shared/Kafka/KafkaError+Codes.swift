extension KafkaError.Code {
  // Found in this process.
  /// The producer, consumer or admin client was closed.
  package static let closed = Self(rawValue: -1000)
  /// A setting that librdkafka does not know, or whose value it refuses.
  package static let invalidConfiguration = Self(rawValue: -1001)
  package static let transport = Self(rawValue: -195)
  package static let resolve = Self(rawValue: -193)
  /// No acknowledgement arrived within `message.timeout.ms`.
  package static let messageTimedOut = Self(rawValue: -192)
  package static let unknownPartitionLocally = Self(rawValue: -190)
  package static let unknownTopicLocally = Self(rawValue: -188)
  package static let allBrokersDown = Self(rawValue: -187)
  package static let invalidArgument = Self(rawValue: -186)
  package static let timedOut = Self(rawValue: -185)
  package static let queueFull = Self(rawValue: -184)
  package static let waitingForCoordinator = Self(rawValue: -180)
  package static let state = Self(rawValue: -172)
  package static let authentication = Self(rawValue: -169)
  package static let noOffset = Self(rawValue: -168)
  package static let timedOutInQueue = Self(rawValue: -166)
  /// The broker does not implement the request.
  package static let unsupported = Self(rawValue: -165)
  package static let purgedFromQueue = Self(rawValue: -152)
  package static let purgedInFlight = Self(rawValue: -151)
  package static let fatal = Self(rawValue: -150)
  /// The application did not poll within `max.poll.interval.ms` and has left the group.
  package static let maxPollExceeded = Self(rawValue: -147)
  package static let notConfigured = Self(rawValue: -145)
  package static let assignmentLost = Self(rawValue: -142)
  /// No stored position, and `auto.offset.reset` is `error`.
  package static let noPosition = Self(rawValue: -140)

  // Said by a broker.
  package static let unknown = Self(rawValue: -1)
  package static let offsetOutOfRange = Self(rawValue: 1)
  package static let unknownTopicOrPartition = Self(rawValue: 3)
  package static let invalidMessageSize = Self(rawValue: 4)
  package static let leaderNotAvailable = Self(rawValue: 5)
  package static let notLeader = Self(rawValue: 6)
  package static let requestTimedOut = Self(rawValue: 7)
  package static let brokerNotAvailable = Self(rawValue: 8)
  package static let replicaNotAvailable = Self(rawValue: 9)
  package static let messageSizeTooLarge = Self(rawValue: 10)
  package static let networkException = Self(rawValue: 13)
  package static let coordinatorLoading = Self(rawValue: 14)
  package static let coordinatorNotAvailable = Self(rawValue: 15)
  package static let notCoordinator = Self(rawValue: 16)
  package static let invalidTopic = Self(rawValue: 17)
  package static let recordListTooLarge = Self(rawValue: 18)
  package static let notEnoughReplicas = Self(rawValue: 19)
  package static let notEnoughReplicasAfterAppend = Self(rawValue: 20)
  package static let illegalGeneration = Self(rawValue: 22)
  package static let unknownMember = Self(rawValue: 25)
  package static let rebalanceInProgress = Self(rawValue: 27)
  package static let topicAuthorizationFailed = Self(rawValue: 29)
  package static let groupAuthorizationFailed = Self(rawValue: 30)
  package static let clusterAuthorizationFailed = Self(rawValue: 31)
  package static let invalidTimestamp = Self(rawValue: 32)
  package static let topicAlreadyExists = Self(rawValue: 36)
  package static let invalidPartitions = Self(rawValue: 37)
  package static let invalidReplicationFactor = Self(rawValue: 38)
  package static let invalidTopicConfiguration = Self(rawValue: 40)
  package static let unsupportedForMessageFormat = Self(rawValue: 43)
  package static let policyViolation = Self(rawValue: 44)
  package static let outOfOrderSequence = Self(rawValue: 45)
  package static let storageError = Self(rawValue: 56)
  package static let authenticationFailed = Self(rawValue: 58)
  package static let groupNotFound = Self(rawValue: 69)
  package static let fencedLeaderEpoch = Self(rawValue: 74)
  package static let unknownLeaderEpoch = Self(rawValue: 75)
  package static let fencedInstance = Self(rawValue: 82)
  package static let invalidRecord = Self(rawValue: 87)
  package static let unstableOffsetCommit = Self(rawValue: 88)
  package static let throttlingQuotaExceeded = Self(rawValue: 89)
}

extension KafkaError {
  static let permanentForRecord: Set<Code> = [
    .messageSizeTooLarge, .invalidMessageSize, .recordListTooLarge, .invalidTimestamp,
    .unsupportedForMessageFormat, .policyViolation, .invalidRecord,
  ]

  static let retriable: Set<Code> = [
    .transport, .resolve, .messageTimedOut, .allBrokersDown, .timedOut, .queueFull,
    .waitingForCoordinator, .timedOutInQueue, .purgedFromQueue, .purgedInFlight,
    .unknownTopicOrPartition, .unknownTopicLocally, .leaderNotAvailable, .notLeader,
    .requestTimedOut, .brokerNotAvailable, .replicaNotAvailable, .networkException,
    .coordinatorLoading, .coordinatorNotAvailable, .notCoordinator, .notEnoughReplicas,
    .notEnoughReplicasAfterAppend, .rebalanceInProgress, .storageError, .fencedLeaderEpoch,
    .unknownLeaderEpoch, .unstableOffsetCommit, .throttlingQuotaExceeded,
  ]
}
