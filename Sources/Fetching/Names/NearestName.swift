// Suggestions for names that nobody knows.

import StrictJSON

/// The known name that is most similar to `text`: the complete name, or its part after the slash.
func nearestName(
    to text: String, here known: [String] = PublishedModel.named.map(\.name) + PublishedModel.hubNames
) -> String? {
    if let nearest = Suggestion.nearest(to: text, among: known) { return nearest }
    let last = text.split(separator: "/").last.map { plain($0) } ?? ""
    guard !last.isEmpty else { return nil }
    // Dots of a name are not those of a config key.
    let short = known.map { name in plain(name.split(separator: "/").last ?? "") }
    guard let nearest = Suggestion.nearest(to: last, among: short) else { return nil }
    return short.firstIndex(of: nearest).map { known[$0] }
}

/// In lowercase, without what people write differently.
private func plain(_ name: some StringProtocol) -> String { name.lowercased().filter { $0 != "." && $0 != "-" } }
