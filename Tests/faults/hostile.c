// Writes an HDF5 file with one object that a checkpoint must not have: `hostile KIND FILE`. The first 512 bytes are left
// for the user block of a checkpoint.

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

static hid_t file, group;

/// A data set of 4 × 3 values, or of other sizes, in /model.
static void array(const char *name, hid_t type, int rank, const hsize_t *sizes, hid_t list) {
    hid_t space = rank ? H5Screate_simple(rank, sizes, NULL) : H5Screate(H5S_SCALAR);
    hid_t set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    float values[64] = {0};
    hsize_t count = 1;
    for (int index = 0; index < rank; index++) count *= sizes[index];
    // The values of another file are that file's own.
    if (count <= 64 && H5Tget_class(type) == H5T_FLOAT && !H5Pget_external_count(list)) H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    H5Sclose(space);
}

int main(int count, char **words) {
    if (count != 3) return 2;
    const char *kind = words[1];
    hid_t access = H5Pcreate(H5P_FILE_CREATE), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_userblock(access, 512);
    file = H5Fcreate(words[2], H5F_ACC_TRUNC, access, H5P_DEFAULT);
    group = H5Gcreate2(file, "model", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hsize_t sizes[32] = {4, 3}, chunk[2] = {2, 3};
    hid_t type = H5T_IEEE_F32LE;
    for (int index = 2; index < 32; index++) sizes[index] = 1;
    array("wte.weight", type, 2, sizes, list);
    int rank = 2;
    if (!strcmp(kind, "plain")) rank = -1;
    if (!strcmp(kind, "external")) H5Pset_external(list, "secret", 0, 48);
    if (!strcmp(kind, "chunked")) H5Pset_chunk(list, 2, chunk);
    if (!strcmp(kind, "compact")) H5Pset_layout(list, H5D_COMPACT);
    if (!strcmp(kind, "packed") || !strcmp(kind, "unknown-filter")) {
        H5Pset_chunk(list, 2, chunk);
        if (!strcmp(kind, "packed")) H5Pset_deflate(list, 9);
        else H5Pset_filter(list, 32123, H5Z_FLAG_OPTIONAL, 0, NULL);
    }
    if (!strcmp(kind, "bomb")) {
        sizes[0] = (hsize_t)1 << 48, chunk[0] = 1 << 20;
        H5Pset_chunk(list, 2, chunk);
        H5Pset_deflate(list, 9);
    }
    if (!strcmp(kind, "double")) type = H5T_IEEE_F64LE;
    if (!strcmp(kind, "big-endian")) type = H5T_IEEE_F32BE;
    if (!strcmp(kind, "integer")) type = H5T_STD_I32LE;
    if (!strcmp(kind, "scalar")) rank = 0;
    if (!strcmp(kind, "rank-32")) rank = 32;
    if (!strcmp(kind, "zero")) sizes[0] = 0;
    if (!strcmp(kind, "text")) {
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, H5T_VARIABLE);
    }
    if (!strcmp(kind, "compound")) {
        type = H5Tcreate(H5T_COMPOUND, 8);
        H5Tinsert(type, "a", 0, H5T_IEEE_F32LE);
        H5Tinsert(type, "b", 4, H5T_IEEE_F32LE);
    }
    if (!strcmp(kind, "virtual")) {
        hid_t space = H5Screate_simple(2, sizes, NULL);
        H5Pset_virtual(list, space, "secret.h5", "/x", space);
    }
    if (!strcmp(kind, "soft-link")) H5Lcreate_soft("/model/wte.weight", group, "x", H5P_DEFAULT, H5P_DEFAULT), rank = -1;
    if (!strcmp(kind, "external-link")) H5Lcreate_external("secret.h5", "/x", group, "x", H5P_DEFAULT, H5P_DEFAULT), rank = -1;
    if (!strcmp(kind, "two-links")) H5Lcreate_hard(group, "wte.weight", group, "x", H5P_DEFAULT, H5P_DEFAULT), rank = -1;
    if (!strcmp(kind, "circle")) H5Lcreate_hard(file, "/", group, "x", H5P_DEFAULT, H5P_DEFAULT), rank = -1;
    if (!strcmp(kind, "deep")) {
        hid_t inner = group;
        for (int level = 0; level < 2000; level++) inner = H5Gcreate2(inner, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        rank = -1;
    }
    if (!strcmp(kind, "bad-name")) array("a\x1b[2Jb", type, 2, sizes, list), rank = -1;
    if (!strcmp(kind, "many")) {
        char name[32];
        for (int index = 0; index < 20000; index++) {
            snprintf(name, sizeof name, "x%d", index);
            H5Gclose(H5Gcreate2(group, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        }
        rank = -1;
    }
    if (rank >= 0) array("x", type, rank, sizes, list);
    return H5Fclose(file) < 0;
}
