/// A data type by its object identifier, which is fixed for the built-in ones.
package struct PostgresType: Sendable {
  package let oid: UInt32
  /// The type of its arrays; 0 where it is not known, as for the columns of a result.
  package let arrayOID: UInt32

  package init(oid: UInt32, arrayOID: UInt32 = 0) {
    self.oid = oid
    self.arrayOID = arrayOID
  }

  package var array: PostgresType { PostgresType(oid: arrayOID) }
}

extension PostgresType: Hashable {
  package static func == (left: PostgresType, right: PostgresType) -> Bool { left.oid == right.oid }
  package func hash(into hasher: inout Hasher) { hasher.combine(oid) }
}

extension PostgresType {
  package static let bool = PostgresType(oid: 16, arrayOID: 1000)
  package static let bytea = PostgresType(oid: 17, arrayOID: 1001)
  package static let name = PostgresType(oid: 19, arrayOID: 1003)
  package static let int8 = PostgresType(oid: 20, arrayOID: 1016)
  package static let int2 = PostgresType(oid: 21, arrayOID: 1005)
  package static let int4 = PostgresType(oid: 23, arrayOID: 1007)
  package static let text = PostgresType(oid: 25, arrayOID: 1009)
  package static let oid = PostgresType(oid: 26, arrayOID: 1028)
  package static let json = PostgresType(oid: 114, arrayOID: 199)
  package static let float4 = PostgresType(oid: 700, arrayOID: 1021)
  package static let float8 = PostgresType(oid: 701, arrayOID: 1022)
  package static let bpchar = PostgresType(oid: 1042, arrayOID: 1014)
  package static let varchar = PostgresType(oid: 1043, arrayOID: 1015)
  package static let date = PostgresType(oid: 1082, arrayOID: 1182)
  package static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185)
  package static let numeric = PostgresType(oid: 1700, arrayOID: 1231)
  package static let uuid = PostgresType(oid: 2950, arrayOID: 2951)
  package static let jsonb = PostgresType(oid: 3802, arrayOID: 3807)
  package static let xid8 = PostgresType(oid: 5069, arrayOID: 271)

  /// Objects made by users (enums, extensions' types) have identifiers from here on.
  static let firstUserDefinedOID: UInt32 = 16384
}
