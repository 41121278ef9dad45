"""A true story on a real cluster: flights get late, the weather moves on, the model keeps up."""
