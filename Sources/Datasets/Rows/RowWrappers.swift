// Objects that hold many rows: lists of rows under a key, columns, and trees.

import StrictJSON

extension JSONRowReader {
    /// The rows of an object that is not a row itself; nil if it is one.
    mutating func wrappedRows(_ object: JSONObject) -> [Found]? {
        if let row = object["row"], row.object != nil, object.members.allSatisfy({ isAboutRow($0) }) {
            return rows(of: row)
        }
        if object["row"]?.object != nil, let cells = object["truncated_cells"]?.array, !cells.isEmpty {
            let names = cells.compactMap(\.string).joined(separator: ", ")
            report("unknown-row", cells[0].position, "the server cut these cells of the row: \(names)")
            lose(at: shifted(cells[0].position).line)
            return []
        }
        if let prompt = object["prompt"], prompt.object?["replies"] != nil {
            return MessageTree.rows(ofNested: prompt, object, &self)
        }
        guard !object.members.isEmpty, !object.members.contains(where: { isConversation($0) }) else { return nil }
        if let rows = columnRows(object) { return rows }
        let lists = object.members.filter { $0.value.array?.first?.object != nil }
        guard !lists.isEmpty else { return nil }
        let wrappers = lists.filter { RowKeys.wrappers.contains(RowKeys.plain($0.key)) }
        if !wrappers.isEmpty, !isRow(object) {
            reportAround(object, wrappers)
            return wrappers.flatMap { member in (member.value.array ?? []).flatMap { rows(of: $0) } }
        }
        // Labels with their texts, `{"Label": [{"data": [{"text"} …]} …]}`.
        guard lists.count == object.members.count, lists.allSatisfy({ isLabelled($0) }) else { return nil }
        return lists.flatMap { member in (member.value.array ?? []).flatMap { rows(of: $0, label: member) } }
    }

    private func isAboutRow(_ member: JSONMember) -> Bool {
        ["row", "row_idx", "truncated_cells"].contains(member.key)
            && (member.key != "truncated_cells" || JSONRowReader.saysNothing(member.value))
    }

    private func isConversation(_ member: JSONMember) -> Bool {
        RowKeys.chats.contains(RowKeys.plain(member.key)) && member.value.array != nil
    }

    private func isLabelled(_ member: JSONMember) -> Bool {
        member.value.array?.contains { $0.object?["data"] != nil } ?? false
    }

    /// Whether an object has a text of a row.
    private func isRow(_ object: JSONObject) -> Bool {
        object.members.contains {
            let key = RowKeys.plain($0.key)
            return $0.value.string != nil && (RowKeys.prompts.contains(key) || RowKeys.outputs.contains(key))
        }
    }

    /// Reports what a wrapper says in addition to its lists of rows.
    private mutating func reportAround(_ object: JSONObject, _ wrappers: [JSONMember]) {
        let used = Set(wrappers.map(\.key) + object.members.map(\.key).filter(RowKeys.harmlessInWrappers.contains))
        for key in used where RowKeys.harmlessInWrappers.contains(key) { findings.ignore(key) }
        _ = unknownMembers(object, used: used, known: RowKeys.wrappers, of: "the file")
    }

    /// Rows whose values are in one list or object per column, as pandas writes them.
    private mutating func columnRows(_ object: JSONObject) -> [Found]? {
        if let rows = splitRows(object) { return rows }
        let columns = object.members.map { ($0, JSONRowReader.cells($0.value)) }
        guard columns.contains(where: { RowKeys.prompts.contains(RowKeys.plain($0.0.key)) || $0.0.key == "text" }),
            let count = columns.first?.1?.count, count > 0, columns.allSatisfy({ $0.1 != nil })
        else { return nil }
        guard columns.allSatisfy({ $0.1?.map(\.name) == columns[0].1?.map(\.name) }) else {
            report("unknown-row", object.members[0].keyPosition, "columns of different lengths")
            lose(at: shifted(object.members[0].keyPosition).line)
            return []
        }
        return (0..<count).flatMap { index in
            let members = columns.compactMap { member, cells in
                cells.map { JSONMember(key: member.key, keyPosition: member.keyPosition, value: $0[index].value) }
            }
            return rows(of: members)
        }
    }

    private mutating func rows(of members: [JSONMember]) -> [Found] {
        guard let first = members.first else { return [] }
        let node = JSONNode(value: .object(JSONObject(members: members)), position: first.value.position)
        return rows(of: node)
    }

    /// `{"columns": ["prompt", …], "index": […], "data": [["…", …], …]}`.
    private mutating func splitRows(_ object: JSONObject) -> [Found]? {
        guard let names = object["columns"]?.array, let data = object["data"]?.array, !names.isEmpty,
            names.allSatisfy({ $0.string != nil }), data.allSatisfy({ $0.array?.count == names.count }),
            object.members.allSatisfy({ ["columns", "index", "data"].contains($0.key) })
        else { return nil }
        return data.flatMap { row in
            rows(
                of: zip(names, row.array ?? []).map { name, value in
                    JSONMember(key: name.string ?? "", keyPosition: name.position, value: value)
                })
        }
    }

    /// The values of a column under the names 0, 1, 2 …, or in a list of scalars.
    private static func cells(_ node: JSONNode) -> [(name: String, value: JSONNode)]? {
        if let object = node.object {
            guard object.members.allSatisfy({ Int($0.key) != nil }) else { return nil }
            return object.members.map { ($0.key, $0.value) }
        }
        guard let list = node.array, list.allSatisfy({ $0.array == nil && $0.object == nil }) else { return nil }
        return list.enumerated().map { (String($0.offset), $0.element) }
    }
}
