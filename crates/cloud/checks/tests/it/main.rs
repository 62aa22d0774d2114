//! The checks by their surface.

mod openstack;
