// HDF5's constants are expression macros, and some of its functions are macros for one of several versions; Swift
// imports neither. One inline accessor for each that is used.
#pragma once
#include <hdf5.h>

static inline hid_t luthier_h5_file_creation_class(void) { return H5P_FILE_CREATE; }
static inline hid_t luthier_h5_file_access_class(void) { return H5P_FILE_ACCESS; }
static inline hid_t luthier_h5_group_creation_class(void) { return H5P_GROUP_CREATE; }
static inline hid_t luthier_h5_dataset_creation_class(void) { return H5P_DATASET_CREATE; }
static inline hid_t luthier_h5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t luthier_h5_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t luthier_h5_float32_big_endian(void) { return H5T_IEEE_F32BE; }
static inline hid_t luthier_h5_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t luthier_h5_default(void) { return H5P_DEFAULT; }
static inline unsigned luthier_h5_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned luthier_h5_read_only(void) { return H5F_ACC_RDONLY; }
static inline haddr_t luthier_h5_undefined_address(void) { return HADDR_UNDEF; }

// The kind of link number `index` of a group in the order of names (an H5L_type_t), or a negative number.
static inline int luthier_h5_link_kind(hid_t group, hsize_t index) {
    H5L_info_t info;
    herr_t status = H5Lget_info_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, &info, H5P_DEFAULT);
    return status < 0 ? -1 : (int)info.type;
}

// An opened object's kind (an H5O_type_t), its address and the number of hard links to it; negative on failure.
static inline int luthier_h5_object(hid_t object, haddr_t *address, unsigned *links) {
#if H5_VERSION_GE(1, 12, 0)
    H5O_info1_t info;
#else
    H5O_info_t info;
#endif
    if (H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0) return -1;
    *address = info.addr;
    *links = info.rc;
    return (int)info.type;
}

// Reserves room for a file of `count` bytes without changing its length; 0 where the system has no such call. Linux's
// fallocate is declared here because its header shows it to GNU sources only, which Swift's importer is not.
#ifdef __linux__
extern int fallocate(int descriptor, int mode, off_t offset, off_t count);
static inline int luthier_reserve(int descriptor, off_t count) {
    const int keep_size = 1;
    return fallocate(descriptor, keep_size, 0, count);
}
#else
static inline int luthier_reserve(int descriptor, off_t count) { return 0; }
#endif

// Opens an existing file so that reads and writes go past the system's page cache; -1 where the system has no such way.
// Linux's O_DIRECT is shown to GNU sources only.
#ifdef __linux__
#include <fcntl.h>
#ifndef O_DIRECT
#define LUTHIER_O_DIRECT __O_DIRECT
#else
#define LUTHIER_O_DIRECT O_DIRECT
#endif
static inline int luthier_open_direct(const char *path) { return open(path, O_RDWR | O_CLOEXEC | LUTHIER_O_DIRECT); }
#else
static inline int luthier_open_direct(const char *path) { return -1; }
#endif
