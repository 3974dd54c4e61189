/// A sales team of the demo: how fast and how well it works, and who is in it.
struct DemoTeam: Sendable {
  var key: String
  /// Factor on every dwell time.
  var pace: Double
  /// Factor on every chance of success.
  var skill: Double
  var owners: [String]

  static let all = [
    DemoTeam(
      key: "north", pace: 1, skill: 1,
      owners: ["王伟", "李娜", "张敏", "刘洋", "陈静", "杨帆"]),
    DemoTeam(
      key: "east", pace: 0.8, skill: 1.05,
      owners: ["赵磊", "黄丽", "周杰", "吴倩", "徐强", "孙悦", "马超"]),
    DemoTeam(
      key: "south", pace: 1.05, skill: 0.99,
      owners: ["林小雨", "何志明", "郭建华", "梁思琪", "谢文博", "邓佳"]),
    DemoTeam(
      key: "west", pace: 1.35, skill: 0.93,
      owners: ["罗鹏", "唐雪", "韩冰", "冯宇", "曹颖"]),
  ]
}

/// The names of the demo's customers and of the people who decide there.
enum DemoNames {
  static let accountCount = 640

  private static let cities = [
    "北京", "上海", "深圳", "广州", "杭州", "苏州", "南京", "成都", "重庆", "武汉", "西安", "青岛", "天津", "宁波",
    "长沙", "合肥",
  ]
  private static let words = [
    "明远", "华信", "启航", "恒达", "瑞丰", "中科", "天成", "博雅", "宏图", "新锐", "金石", "云帆", "长青", "东方", "盛世",
    "汇通", "立德", "鼎盛", "安泰", "信诚",
  ]
  private static let trades = [
    "信息技术有限公司", "机械制造有限公司", "医疗科技有限公司", "供应链管理有限公司", "新能源股份有限公司", "食品集团有限公司", "电子科技有限公司",
    "建筑工程有限公司",
  ]
  private static let surnames = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "周", "吴"]
  private static let titles = ["总", "经理", "总监", "主任"]

  /// - Parameter number: below ``accountCount``; every number has another name.
  static func account(_ number: Int) -> (name: String, short: String) {
    let city = cities[number % cities.count]
    let word = words[(number / cities.count + number) % words.count]
    let trade = trades[(number / (cities.count * words.count) + number * 3) % trades.count]
    return (city + word + trade, city + word)
  }

  static func decisionMaker(_ random: inout SplitMix64) -> String {
    random.pick(surnames) + random.pick(titles)
  }
}

/// Why the demo's deals are lost, won again or moved back.
enum DemoReasons {
  static let lost = [
    "价格高于竞争对手", "客户预算取消", "选择了竞争对手", "项目延期至明年", "决策人更换", "需求不匹配", "长期无响应",
  ]
  static let back = ["客户提出新需求，重新评估", "决策人变更，需重新沟通", "方案需要修改", "报价未通过内部审批"]
  static let reopened = ["客户重新启动项目", "竞争对手交付失败", "新预算获批"]
  static let notes = ["电话沟通，客户反馈积极", "已发送资料，等待答复", "拜访客户，确认下一步", "与技术负责人线上会议", "客户内部讨论中"]
}
