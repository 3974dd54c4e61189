// swift-tools-version: 6.2
import PackageDescription

/// The settings of every target of our own: language mode 6, strict imports, no warning survives.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let tracing: Target.Dependency = .product(
  name: "ServiceContextModule", package: "swift-service-context")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")

/// What every service is wired from.
let serviceDependencies: [Target.Dependency] = [
  "Contracts", "Kafka", "Messaging", "Postgres", "ServiceKit", "ServiceWiring", hummingbird,
  lifecycle, logging, metrics, tracing,
]

let package = Package(
  name: "sluice",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "stage-service", targets: ["StageService"]),
    .executable(name: "forecasting", targets: ["Forecasting"]),
    .executable(name: "activity-ingest", targets: ["ActivityIngest"]),
    .executable(name: "notifier", targets: ["Notifier"]),
    .executable(name: "sluice", targets: ["Sluice"]),
    .executable(name: "local-supervisor", targets: ["LocalSupervisor"]),
    .executable(name: "embedded-kafka", targets: ["EmbeddedKafka"]),
    .executable(name: "sluice-bench", targets: ["Benchmarks"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.0.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
    .package(url: "https://github.com/apple/swift-service-context", from: "1.2.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.20.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.24.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.0.0"),
  ],
  targets: [
    // MARK: C libraries
    .systemLibrary(
      name: "CRdKafka", path: "Shared/CRdKafka", pkgConfig: "rdkafka",
      providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(
      name: "CPostgres", path: "Shared/CPostgres", pkgConfig: "libpq",
      providers: [.apt(["libpq-dev"])]),

    // MARK: Shared
    .target(
      name: "Kafka", dependencies: ["CRdKafka", logging], path: "Shared/Kafka",
      swiftSettings: strict),
    .target(
      name: "Postgres", dependencies: ["CPostgres", logging], path: "Shared/Postgres",
      swiftSettings: strict),
    .target(
      name: "Contracts", path: "Shared/Contracts", exclude: ["asyncapi.yaml"],
      swiftSettings: strict),
    .target(name: "Statistics", path: "Shared/Statistics", swiftSettings: strict),
    .target(
      name: "Messaging",
      dependencies: ["Contracts", "Kafka", "Postgres", lifecycle, logging, metrics],
      path: "Shared/Messaging",
      resources: [.embedInCode("Migrations/m0001_messaging.sql")],
      swiftSettings: strict),
    .target(
      name: "ServiceKit",
      dependencies: [
        "Contracts", hummingbird, lifecycle, logging, metrics, tracing,
        .product(name: "Configuration", package: "swift-configuration"),
        crypto,
        .product(name: "JWTKit", package: "jwt-kit"),
        httpClient,
      ],
      path: "Shared/ServiceKit", swiftSettings: strict),
    .target(
      name: "ServiceWiring",
      dependencies: [
        "Contracts", "Kafka", "Messaging", "Postgres", "ServiceKit", hummingbird, lifecycle,
        logging,
      ],
      path: "Shared/ServiceWiring",
      resources: [
        .embedInCode("Migrations/m0001_directory.sql"),
        .embedInCode("Migrations/m0002_directory_mirror.sql"),
      ],
      swiftSettings: strict),
    .target(
      name: "LocalServers",
      dependencies: [
        logging, subprocess, .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Shared/LocalServers", swiftSettings: strict),
    .target(
      name: "TestSupport",
      dependencies: [
        "Contracts", "Kafka", "LocalServers", "Postgres", httpClient, logging,
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Shared/TestSupport", swiftSettings: strict),

    // MARK: Services
    .executableTarget(
      name: "StageService",
      dependencies: serviceDependencies + [crypto, .product(name: "Yams", package: "Yams")],
      path: "Services/StageService", exclude: ["HTTP/openapi.yaml"],
      resources: [
        .embedInCode("HTTP/definition.schema.json"),
        .embedInCode("Migrations/m0001_stage_service.sql"),
        .embedInCode("Migrations/m0002_command_events.sql"),
        .embedInCode("Migrations/m0003_drafts.sql"),
        .embedInCode("Migrations/m0004_deal_state.sql"),
        .embedInCode("Migrations/m0005_names.sql"),
        .embedInCode("Migrations/m0006_directory.sql"),
        .embedInCode("Migrations/m0007_merged_deals.sql"),
        .embedInCode("Migrations/m0008_list_indexes.sql"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "Forecasting", dependencies: serviceDependencies + ["Statistics"],
      path: "Services/Forecasting",
      exclude: ["HTTP/openapi.yaml"],
      resources: [
        .embedInCode("Migrations/m0001_forecasting.sql"),
        .embedInCode("Migrations/m0002_reverted_moves.sql"),
        .embedInCode("Migrations/m0003_rebuilds.sql"),
        .embedInCode("Migrations/m0004_stage_totals.sql"),
        .embedInCode("Migrations/m0005_merged_deals.sql"),
        .embedInCode("Migrations/m0006_figures.sql"),
        .embedInCode("Migrations/m0007_follow_ups.sql"),
        .embedInCode("Migrations/m0008_noted_changes.sql"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "ActivityIngest", dependencies: serviceDependencies + [crypto],
      path: "Services/ActivityIngest", exclude: ["HTTP/openapi.yaml"],
      resources: [
        .embedInCode("Migrations/m0001_activity_ingest.sql"),
        .embedInCode("Migrations/m0002_rules.sql"),
        .embedInCode("Migrations/m0003_merged_deals.sql"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "Notifier",
      dependencies: serviceDependencies + [
        crypto, httpClient, .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Services/Notifier", exclude: ["HTTP/openapi.yaml"],
      resources: [
        .embedInCode("Migrations/m0001_notifier.sql"),
        .embedInCode("Migrations/m0002_deleted_subscriptions.sql"),
        .embedInCode("Migrations/m0003_subscription_audience.sql"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "Sluice",
      dependencies: [
        "Contracts", "Kafka", "Messaging", "Postgres", "ServiceKit", arguments, httpClient,
        hummingbird, lifecycle, logging, metrics,
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Yams", package: "Yams"),
      ],
      path: "Services/Sluice", swiftSettings: strict),
    .executableTarget(
      name: "LocalSupervisor",
      dependencies: ["Contracts", "LocalServers", arguments, logging],
      path: "deploy/local/supervisor", swiftSettings: strict),
    .executableTarget(
      name: "EmbeddedKafka", dependencies: ["Kafka", arguments],
      path: "deploy/local/embedded-kafka", swiftSettings: strict),

    // MARK: Tests
    .testTarget(
      name: "KafkaTests", dependencies: ["Kafka", "TestSupport", logging], swiftSettings: strict),
    .testTarget(
      name: "PostgresTests", dependencies: ["LocalServers", "Postgres", "TestSupport", logging],
      swiftSettings: strict),
    .testTarget(
      name: "ContractsTests",
      dependencies: ["Contracts", .product(name: "Yams", package: "Yams")], swiftSettings: strict),
    .testTarget(
      name: "StatisticsTests", dependencies: ["LocalServers", "Statistics", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "MessagingTests", dependencies: ["Messaging", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ServiceKitTests",
      dependencies: [
        "ServiceKit", httpClient,
        .product(name: "HummingbirdTesting", package: "hummingbird"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ServiceWiringTests",
      dependencies: [
        "ServiceWiring", "TestSupport",
        .product(name: "HummingbirdTesting", package: "hummingbird"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "LocalServersTests", dependencies: ["LocalServers", "LocalSupervisor", logging],
      swiftSettings: strict),
    .testTarget(
      name: "StageServiceTests",
      dependencies: [
        "LocalServers", "StageService", "TestSupport",
        .product(name: "HummingbirdTesting", package: "hummingbird"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ForecastingTests",
      dependencies: [
        "Forecasting", "TestSupport",
        .product(name: "HummingbirdTesting", package: "hummingbird"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ActivityIngestTests",
      dependencies: [
        "ActivityIngest", "TestSupport",
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "NotifierTests",
      dependencies: [
        "LocalServers", "Notifier", "TestSupport", httpClient,
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "SluiceTests",
      dependencies: [
        "Contracts", "Kafka", "Messaging", "Postgres", "ServiceKit", "Sluice", "TestSupport",
        arguments, logging,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "Contracts", "Kafka", "LocalServers", "Postgres", "TestSupport", httpClient, logging,
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: strict),

    // MARK: Benchmarks
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Contracts", "Kafka", "LocalServers", "Messaging", "Postgres", "TestSupport", arguments,
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Tests/Benchmarks", exclude: ["Peers"], swiftSettings: strict),
  ]
)
