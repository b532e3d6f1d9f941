// oneDNN's C interface, of which the program needs one thing: bfloat16 matrix products into float32, with one operand
// laid out as the processor likes it best. Versions 2 and 3 differ in how a layout and a primitive are made; nothing
// above this header knows that.
#pragma once
#include <dnnl.h>
#include <stdint.h>
#include <stdlib.h>

// Of the OpenMP runtime that oneDNN is built with. Set per thread: the program's own pool owns the cores.
extern void omp_set_num_threads(int) __attribute__((weak));

static inline void luthier_dnnl_use_threads(int count) {
    if (omp_set_num_threads) omp_set_num_threads(count);
}

static inline void luthier_dnnl_stay_on_this_thread(void) { luthier_dnnl_use_threads(1); }

// Whether oneDNN multiplies bfloat16 by the processor's matrix tiles (AMX).
static inline int luthier_dnnl_has_tiles(void) {
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx;
}

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t luthier_dnnl_layout_argument;
#define LUTHIER_DNNL_LAYOUT(layout) (layout)
#else
typedef const dnnl_memory_desc_t *luthier_dnnl_layout_argument;
#define LUTHIER_DNNL_LAYOUT(layout) (&(layout))
#endif

// C (rows, columns) = A (rows, inner) · B (inner, columns) [+ bias] [+ C]; strides in elements.
typedef struct {
    int64_t rows, inner, columns;
    int64_t a_row_stride, a_column_stride;
    int64_t b_row_stride, b_column_stride; // both 0: oneDNN's own layout
    int64_t c_row_stride;
    int has_bias, adds;
} luthier_dnnl_shape;

// A product that is ready to run, any number of times and from any thread.
typedef struct {
    dnnl_primitive_t primitive;
    dnnl_memory_desc_t a, b, bias, c, scratch;
    int has_bias;
    size_t b_bytes, scratch_bytes;
} luthier_dnnl_product;

static inline dnnl_status_t luthier_dnnl_strided(
    dnnl_memory_desc_t *layout, int64_t rows, int64_t columns, dnnl_data_type_t type, int64_t row_stride,
    int64_t column_stride
) {
    dnnl_dims_t sizes = {rows, columns}, strides = {row_stride, column_stride};
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_create_with_strides(layout, 2, sizes, type, strides);
#else
    return dnnl_memory_desc_init_by_strides(layout, 2, sizes, type, strides);
#endif
}

static inline dnnl_status_t luthier_dnnl_free_choice(
    dnnl_memory_desc_t *layout, int64_t rows, int64_t columns, dnnl_data_type_t type
) {
    dnnl_dims_t sizes = {rows, columns};
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_create_with_tag(layout, 2, sizes, type, dnnl_format_tag_any);
#else
    return dnnl_memory_desc_init_by_tag(layout, 2, sizes, type, dnnl_format_tag_any);
#endif
}

static inline dnnl_status_t luthier_dnnl_copy_layout(dnnl_memory_desc_t *copy, luthier_dnnl_layout_argument layout) {
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_clone(copy, layout);
#else
    *copy = *layout;
    return dnnl_success;
#endif
}

static inline size_t luthier_dnnl_bytes(luthier_dnnl_layout_argument layout) {
    return dnnl_memory_desc_get_size(layout);
}

// Scratch memory comes from the caller: oneDNN's own belongs to the thread that made the primitive.
static inline dnnl_primitive_attr_t luthier_dnnl_attributes(int adds) {
    dnnl_primitive_attr_t attributes = NULL;
    if (dnnl_primitive_attr_create(&attributes) != dnnl_success) return NULL;
    dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (!adds) return attributes;
    dnnl_post_ops_t operations = NULL;
    dnnl_post_ops_create(&operations);
#if DNNL_VERSION_MAJOR >= 3
    dnnl_post_ops_append_sum(operations, 1, 0, dnnl_f32);
#else
    dnnl_post_ops_append_sum(operations, 1);
#endif
    dnnl_primitive_attr_set_post_ops(attributes, operations);
    dnnl_post_ops_destroy(operations);
    return attributes;
}

// Makes a product. `packed` is another product with the same inner size and columns whose layout of B will be used,
// or NULL. Returns oneDNN's status; dnnl_unimplemented where the processor has no bfloat16.
static inline dnnl_status_t luthier_dnnl_product_create(
    luthier_dnnl_product *product, dnnl_engine_t engine, luthier_dnnl_shape shape, const luthier_dnnl_product *packed
) {
    luthier_dnnl_stay_on_this_thread();
    dnnl_status_t status = luthier_dnnl_strided(
        &product->a, shape.rows, shape.inner, dnnl_bf16, shape.a_row_stride, shape.a_column_stride);
    if (status != dnnl_success) return status;
    if (packed) {
        status = luthier_dnnl_copy_layout(&product->b, LUTHIER_DNNL_LAYOUT(packed->b));
    } else if (shape.b_row_stride == 0) {
        status = luthier_dnnl_free_choice(&product->b, shape.inner, shape.columns, dnnl_bf16);
    } else {
        status = luthier_dnnl_strided(
            &product->b, shape.inner, shape.columns, dnnl_bf16, shape.b_row_stride, shape.b_column_stride);
    }
    if (status != dnnl_success) return status;
    status = luthier_dnnl_strided(&product->c, shape.rows, shape.columns, dnnl_f32, shape.c_row_stride, 1);
    if (status != dnnl_success) return status;
    status = luthier_dnnl_strided(&product->bias, 1, shape.columns, dnnl_f32, shape.columns, 1);
    if (status != dnnl_success) return status;
    product->has_bias = shape.has_bias;

    dnnl_primitive_attr_t attributes = luthier_dnnl_attributes(shape.adds);
    if (!attributes) return dnnl_out_of_memory;
    dnnl_primitive_desc_t description = NULL;
#if DNNL_VERSION_MAJOR >= 3
    status = dnnl_matmul_primitive_desc_create(
        &description, engine, product->a, product->b, shape.has_bias ? product->bias : NULL, product->c, attributes);
#else
    dnnl_matmul_desc_t operation;
    status = dnnl_matmul_desc_init(
        &operation, &product->a, &product->b, shape.has_bias ? &product->bias : NULL, &product->c);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(&description, &operation, attributes, engine, NULL);
#endif
    dnnl_primitive_attr_destroy(attributes);
    if (status != dnnl_success) return status;
    luthier_dnnl_copy_layout(&product->b, dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0));
    luthier_dnnl_copy_layout(
        &product->scratch, dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0));
    product->b_bytes = luthier_dnnl_bytes(LUTHIER_DNNL_LAYOUT(product->b));
    product->scratch_bytes = luthier_dnnl_bytes(LUTHIER_DNNL_LAYOUT(product->scratch));
    status = dnnl_primitive_create(&product->primitive, description);
    dnnl_primitive_desc_destroy(description);
    return status;
}

// Working memory of the calling thread, kept for its next product.
static inline void *luthier_dnnl_scratch(size_t bytes) {
    static _Thread_local void *memory = NULL;
    static _Thread_local size_t held = 0;
    if (bytes > held) {
        free(memory);
        held = (bytes + 4095) / 4096 * 4096;
        memory = aligned_alloc(4096, held);
    }
    return memory;
}

// Runs a primitive on the calling thread alone; `count` pairs of an argument's number and its memory.
static inline dnnl_status_t luthier_dnnl_execute(
    dnnl_engine_t engine, const_dnnl_primitive_t primitive, const int *arguments,
    const luthier_dnnl_layout_argument *layouts, void *const *memory, int count
) {
    luthier_dnnl_stay_on_this_thread();
    dnnl_stream_t stream = NULL;
    dnnl_status_t status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    if (status != dnnl_success) return status;
    dnnl_exec_arg_t list[5];
    int made = 0;
    for (; made < count && status == dnnl_success; made++) {
        list[made].arg = arguments[made];
        status = dnnl_memory_create(&list[made].memory, layouts[made], engine, memory[made]);
        if (status != dnnl_success) break;
    }
    if (status == dnnl_success) status = dnnl_primitive_execute(primitive, stream, count, list);
    if (status == dnnl_success) status = dnnl_stream_wait(stream);
    for (int index = 0; index < made; index++) dnnl_memory_destroy(list[index].memory);
    dnnl_stream_destroy(stream);
    return status;
}

static inline dnnl_status_t luthier_dnnl_product_run(
    const luthier_dnnl_product *product, dnnl_engine_t engine, const void *a, const void *b, const float *bias, float *c
) {
    int arguments[5] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD, DNNL_ARG_BIAS};
    luthier_dnnl_layout_argument layouts[5] = {
        LUTHIER_DNNL_LAYOUT(product->a), LUTHIER_DNNL_LAYOUT(product->b), LUTHIER_DNNL_LAYOUT(product->c),
        LUTHIER_DNNL_LAYOUT(product->scratch), LUTHIER_DNNL_LAYOUT(product->bias),
    };
    void *memory[5] = {
        (void *)a, (void *)b, c, luthier_dnnl_scratch(product->scratch_bytes), (void *)bias,
    };
    return luthier_dnnl_execute(
        engine, product->primitive, arguments, layouts, memory, product->has_bias ? 5 : 4);
}

// Rounds B, (inner, columns) floats with these strides, to bfloat16 in the product's layout.
static inline dnnl_status_t luthier_dnnl_pack(
    const luthier_dnnl_product *product, dnnl_engine_t engine, luthier_dnnl_shape shape, const float *values,
    int64_t row_stride, int64_t column_stride, void *packed
) {
    luthier_dnnl_stay_on_this_thread();
    dnnl_memory_desc_t source;
    dnnl_status_t status = luthier_dnnl_strided(
        &source, shape.inner, shape.columns, dnnl_f32, row_stride, column_stride);
    if (status != dnnl_success) return status;
    dnnl_primitive_attr_t attributes = luthier_dnnl_attributes(0);
    dnnl_primitive_desc_t description = NULL;
    status = dnnl_reorder_primitive_desc_create(
        &description, LUTHIER_DNNL_LAYOUT(source), engine, LUTHIER_DNNL_LAYOUT(product->b), engine, attributes);
    dnnl_primitive_attr_destroy(attributes);
    if (status != dnnl_success) return status;
    dnnl_memory_desc_t scratch;
    luthier_dnnl_copy_layout(&scratch, dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0));
    dnnl_primitive_t reorder = NULL;
    status = dnnl_primitive_create(&reorder, description);
    dnnl_primitive_desc_destroy(description);
    if (status != dnnl_success) return status;
    int arguments[3] = {DNNL_ARG_FROM, DNNL_ARG_TO, DNNL_ARG_SCRATCHPAD};
    luthier_dnnl_layout_argument layouts[3] = {
        LUTHIER_DNNL_LAYOUT(source), LUTHIER_DNNL_LAYOUT(product->b), LUTHIER_DNNL_LAYOUT(scratch),
    };
    void *memory[3] = {
        (void *)values, packed, luthier_dnnl_scratch(luthier_dnnl_bytes(LUTHIER_DNNL_LAYOUT(scratch))),
    };
    status = luthier_dnnl_execute(engine, reorder, arguments, layouts, memory, 3);
    dnnl_primitive_destroy(reorder);
    return status;
}
