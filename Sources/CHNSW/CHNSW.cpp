// See CHNSW.h. C++'s exceptions must not reach Swift, which cannot catch them.
#include "CHNSW.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <hnswlib/hnswlib.h>
#pragma clang diagnostic pop

struct luthier_graph {
    // The space must outlive the graph, which keeps a pointer into it.
    hnswlib::InnerProductSpace space;
    std::unique_ptr<hnswlib::HierarchicalNSW<float>> graph;

    explicit luthier_graph(uint64_t width) : space(width) {}
};

luthier_graph *luthier_graph_make(uint64_t width, uint64_t capacity, uint64_t links, uint64_t effort) {
    try {
        auto made = std::make_unique<luthier_graph>(width);
        made->graph = std::make_unique<hnswlib::HierarchicalNSW<float>>(&made->space, capacity, links, effort);
        return made.release();
    } catch (const std::exception &) {
        return nullptr;
    }
}

luthier_graph *luthier_graph_load(const char *path, uint64_t width, uint64_t capacity) {
    try {
        auto made = std::make_unique<luthier_graph>(width);
        made->graph = std::make_unique<hnswlib::HierarchicalNSW<float>>(&made->space, path, false, capacity);
        return made.release();
    } catch (const std::exception &) {
        return nullptr;
    }
}

void luthier_graph_free(luthier_graph *graph) { delete graph; }

int luthier_graph_add(luthier_graph *graph, const float *vector, uint64_t number) {
    try {
        graph->graph->addPoint(vector, number);
        return 0;
    } catch (const std::exception &) {
        return -1;
    }
}

int luthier_graph_remove(luthier_graph *graph, uint64_t number) {
    try {
        graph->graph->markDelete(number);
        return 0;
    } catch (const std::exception &) {
        return -1;
    }
}

int luthier_graph_save(luthier_graph *graph, const char *path) {
    try {
        const auto &it = *graph->graph;
        graph->graph->saveIndex(path);
        // hnswlib does not say when a disk was full, so the size of the file is compared with that of what it holds: ten
        // sizes, two numbers and a factor, then each vector with its links of the lowest level, then those above.
        uint64_t expected = 10 * sizeof(size_t) + sizeof(int) + sizeof(hnswlib::tableint) + sizeof(double);
        expected += it.cur_element_count * (it.size_data_per_element_ + sizeof(unsigned int));
        for (size_t i = 0; i < it.cur_element_count; i++) {
            if (it.element_levels_[i] > 0) expected += it.size_links_per_element_ * uint64_t(it.element_levels_[i]);
        }
        std::ifstream written(path, std::ios::binary | std::ios::ate);
        return written && uint64_t(written.tellg()) == expected ? 0 : -1;
    } catch (const std::exception &) {
        return -1;
    }
}

int64_t luthier_graph_search(
    const luthier_graph *graph, const float *query, uint64_t count, uint64_t effort, uint64_t *numbers, float *cosines) {
    try {
        const auto &it = *graph->graph;
        if (it.cur_element_count == 0 || count == 0) return 0;
        // hnswlib takes more neighbours into account where more are asked for.
        auto found = it.searchKnn(query, std::max(count, effort));
        while (found.size() > count) found.pop();
        const int64_t total = int64_t(found.size());
        // The farthest comes first.
        for (int64_t place = total - 1; place >= 0; place--) {
            numbers[place] = found.top().second;
            cosines[place] = 1 - found.top().first;
            found.pop();
        }
        return total;
    } catch (const std::exception &) {
        return -1;
    }
}
