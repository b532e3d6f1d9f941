// hnswlib, a library of C++ templates, as functions of C that throw nothing.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A graph of vectors of length 1, near ones linked (Malkov & Yashunin 2018, arXiv:1603.09320).
typedef struct luthier_graph luthier_graph;

// An empty graph for up to `capacity` vectors of `width` floats; null where there is not enough memory. `links` and
// `effort` are the paper's M and efConstruction.
luthier_graph *luthier_graph_make(uint64_t width, uint64_t capacity, uint64_t links, uint64_t effort);

// Reads a graph that `luthier_graph_save` wrote; null where it cannot be read. The bytes must be those that were written:
// they are not checked.
luthier_graph *luthier_graph_load(const char *path, uint64_t width, uint64_t capacity);

void luthier_graph_free(luthier_graph *graph);

// Adds a vector under a number that is not in the graph. Not to be called by two threads at once. 0 on success.
int luthier_graph_add(luthier_graph *graph, const float *vector, uint64_t number);

// Takes a number out of all answers; its place in memory stays in use. 0 on success.
int luthier_graph_remove(luthier_graph *graph, uint64_t number);

// Writes the graph. 0 on success; then the file has all of its bytes.
int luthier_graph_save(luthier_graph *graph, const char *path);

// The numbers of up to `count` of the vectors nearest to `query`, with their cosines, the nearest first. `effort` is the
// paper's ef. Any thread may call it while none changes the graph. Returns how many were found, or -1.
int64_t luthier_graph_search(
    const luthier_graph *graph, const float *query, uint64_t count, uint64_t effort, uint64_t *numbers, float *cosines);

#ifdef __cplusplus
}
#endif
