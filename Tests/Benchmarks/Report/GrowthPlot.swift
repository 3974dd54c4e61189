import Foundation

/// Rates over amounts, both by orders of magnitude, as SVG.
struct GrowthPlot {
  var title: String
  var lines: [(name: String, points: [(x: Double, y: Double)])]

  private static let width = 640.0
  private static let height = 400.0
  private static let margin = 70.0
  private static let colours = ["#1b6ca8", "#c0562f", "#3d7d3d"]

  var svg: String {
    let points = lines.flatMap(\.points)
    let (left, right) = GrowthPlot.decades(points.map(\.x))
    let (bottom, top) = GrowthPlot.decades(points.map(\.y))
    func x(_ value: Double) -> Double {
      GrowthPlot.margin
        + (log10(value) - left) / (right - left) * (GrowthPlot.width - 2 * GrowthPlot.margin)
    }
    func y(_ value: Double) -> Double {
      GrowthPlot.height - GrowthPlot.margin
        - (log10(value) - bottom) / (top - bottom) * (GrowthPlot.height - 2 * GrowthPlot.margin)
    }
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(GrowthPlot.width)) \
      \(Int(GrowthPlot.height))" font-family="sans-serif" font-size="13">
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(GrowthPlot.width / 2)" y="28" text-anchor="middle" font-size="16">\(title)</text>
      """
    ]
    for decade in stride(from: left, through: right, by: 1) {
      let position = x(pow(10, decade))
      parts.append(
        GrowthPlot.rule(position, y(pow(10, bottom)), position, y(pow(10, top)))
          + GrowthPlot.text("10^\(Int(decade))", position, GrowthPlot.height - 45, "middle"))
    }
    for decade in stride(from: bottom, through: top, by: 1) {
      let position = y(pow(10, decade))
      parts.append(
        GrowthPlot.rule(x(pow(10, left)), position, x(pow(10, right)), position)
          + GrowthPlot.text("10^\(Int(decade))/s", GrowthPlot.margin - 8, position + 4, "end"))
    }
    parts.append(
      GrowthPlot.text("events stored", GrowthPlot.width / 2, GrowthPlot.height - 18, "middle"))
    for (index, line) in lines.enumerated() {
      let colour = GrowthPlot.colours[index % GrowthPlot.colours.count]
      let path = line.points.map { "\(x($0.x).rounded()),\(y($0.y).rounded())" }
      parts.append(
        "<polyline points=\"\(path.joined(separator: " "))\" fill=\"none\" stroke=\"\(colour)\" "
          + "stroke-width=\"2\"/>")
      for point in line.points {
        parts.append(
          "<circle cx=\"\(x(point.x).rounded())\" cy=\"\(y(point.y).rounded())\" r=\"3.5\" "
            + "fill=\"\(colour)\"/>"
            + GrowthPlot.text("\(Int(point.y))", x(point.x), y(point.y) - 9, "middle"))
      }
      if let last = line.points.last {
        parts.append(GrowthPlot.text(line.name, x(last.x) + 8, y(last.y) + 4, "start"))
      }
    }
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// Whole decades around the values.
  private static func decades(_ values: [Double]) -> (Double, Double) {
    let low = (log10(values.min() ?? 1)).rounded(.down)
    let high = (log10(values.max() ?? 10)).rounded(.up)
    return (low, max(high, low + 1))
  }

  private static func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\" stroke=\"#ddd\"/>"
  }

  private static func text(_ text: String, _ x: Double, _ y: Double, _ anchor: String) -> String {
    "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(text)</text>"
  }
}
